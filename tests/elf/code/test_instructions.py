"""x86-64 instructions taken apart, beside what a disassembler says of the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from collide.elf.code.instructions import decode
from collide.elf.headers import Image
from collide.elf.object import read_object
from compiler import compile_so

capstone = pytest.importorskip("capstone", reason="capstone is the judge: pip install capstone")

_REGISTERS = (
    *("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"),
    *(f"r{number}" for number in range(8, 16)),
)
_SOURCE = """
#include <stdint.h>
struct s { int64_t a; int b; char c[40]; struct s *next; double d[4]; uint8_t last; };
double many(struct s *p, const int *q, long n, double x) {
    double sum = x;
    for (long i = 0; i < n; i++) {
        p->a += q[i] * 0x12345678L; p->b ^= q[n - i]; p->c[i & 31] = (char)q[i];
        sum += p->d[i & 3] * (double)p->b; p = p->next ? p->next : p;
        if ((unsigned)p->b % 7 > 300) p->last = (uint8_t)(p->last / 3);
        switch (q[i]) { case 1: sum -= 1; break; case 2: p->a <<= 3; break; case 3: p->a = -p->a;
                        break; case 4: p->b = (short)p->b; break; case 5: p->a %= n; break; }
    }
    return sum;
}
float narrow(float *f, short *s, unsigned char *c, int n) {
    float r = 0;
    for (int i = 0; i < n; i++) { r += f[i] * s[i] + c[i]; s[i] = (short)(c[i] << 7); }
    return r;
}
"""


@pytest.mark.parametrize("flags", [["-O2"], ["-O0"], ["-O3", "-mavx2"], ["-O3", "-mavx512f"]])
def test_sizes_bases_and_offsets_are_those_of_a_disassembler(
    tmp_path: Path, flags: list[str]
) -> None:
    data = compile_so(tmp_path, "libm.so", _SOURCE, "-fno-math-errno", *flags).read_bytes()
    reader = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    reader.detail = True
    image, exports = Image(memoryview(data)), read_object(data).exports
    for name in ("many", "narrow"):
        (definition,) = exports.candidates(name)
        assert definition.value is not None
        code = bytes(image.at(definition.value, definition.size))
        disassembled = list(reader.disasm(code, 0))
        assert sum(one.size for one in disassembled) == len(code)
        for told in disassembled:
            found = decode(code, told.address)
            assert found.size == told.size, (told.mnemonic, told.op_str)
            memory = [o.mem for o in told.operands if o.type == capstone.CS_OP_MEM]
            if memory and memory[0].base and told.reg_name(memory[0].base) in _REGISTERS:
                base = _REGISTERS.index(told.reg_name(memory[0].base))
                # The offset of EVEX is counted in vectors.
                scaled = code[told.address] == 0x62
                assert (found.base, found.offset) == (base, memory[0].disp) or scaled
        with pytest.raises(IndexError):
            decode(code, len(code))


def test_what_is_written_is_no_longer_what_it_was() -> None:
    assert decode(b"\x48\x89\xfb", 0).writes == (3,)  # mov rbx, rdi
    assert decode(b"\x48\x8b\x47\x10", 0).writes == (0,)  # mov rax, [rdi+16]
    assert decode(b"\x31\xc0", 0).writes == (0,)  # xor eax, eax
    assert decode(b"\x48\x39\xc7", 0).writes == ()  # cmp rdi, rax
    assert decode(b"\x41\x5f", 0).writes == (15,)  # pop r15
    assert decode(b"\x48\xf7\xe6", 0).writes == (0, 2)  # mul rsi
