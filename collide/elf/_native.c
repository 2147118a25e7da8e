/* The compiled part of collide: what is done for each byte of code or for each name of a table.

   It is optional. collide/elf/native.py says what each function is given and gives. It does what
   the Python beside the call does, and
   tests/elf/test_native.py feeds both with the same bytes. All of it is the limited API of
   Python 3.11, the first that has buffers. Inputs are of strangers: whatever is read lies between
   the bounds of a buffer that is held, and what is allocated grows with what is found. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Raised with each change of what a function is given or gives; collide/elf/native.py has it, too. */
#define INTERFACE 2

/* Addresses up to here can be added to offsets in a buffer without an overflow. */
#define HIGHEST ((int64_t)1 << 62)

static int32_t
read_i32(const unsigned char *at)
{
    return (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16
                     | (uint32_t)at[3] << 24);
}

/* -- numbers that are looked for ------------------------------------------------------------- */

static int
sieve_shift(Py_ssize_t bytes)
{
    int shift = 64 - 3;
    while (bytes > 1) {
        bytes >>= 1;
        shift--;
    }
    return shift;
}

static uint64_t
sieve_bit(int64_t number, int shift)
{
    return ((uint64_t)number * UINT64_C(0x9E3779B97F4A7C15)) >> shift;
}

PyDoc_STRVAR(sieve_doc, "sieve(numbers)");

static PyObject *
sieve(PyObject *module, PyObject *numbers)
{
    (void)module;
    Py_ssize_t count = PyObject_Size(numbers), size = 8;
    if (count < 0)
        return NULL;
    while (size / 2 < count)
        size *= 2;
    PyObject *filter = PyBytes_FromStringAndSize(NULL, size);
    PyObject *iterator = filter ? PyObject_GetIter(numbers) : NULL;
    if (!iterator) {
        Py_XDECREF(filter);
        return NULL;
    }
    unsigned char *bits = (unsigned char *)PyBytes_AsString(filter);
    memset(bits, 0, (size_t)size);
    int shift = sieve_shift(size);
    PyObject *item;
    while ((item = PyIter_Next(iterator))) {
        int overflow;
        int64_t number = PyLong_AsLongLongAndOverflow(item, &overflow);
        Py_DECREF(item);
        if (number == -1 && PyErr_Occurred())
            break;
        if (!overflow) {  /* no code leads to others */
            uint64_t bit = sieve_bit(number, shift);
            bits[bit >> 3] |= (unsigned char)(1 << (bit & 7));
        }
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred())
        Py_CLEAR(filter);
    return filter;
}

/* The place in ``starts``, ascending, of the last that is not above ``place``, or the first. */
static Py_ssize_t
function_of(const int64_t *starts, Py_ssize_t count, int64_t place)
{
    Py_ssize_t low = 1, high = count;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if (starts[middle] <= place)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

/* -- code of x86-64 -------------------------------------------------------------------------- */

#define FORMS 5
static unsigned char LAST[FORMS][256], BEFORE[FORMS][256];

/* The rarest byte of a form, and its distance from the displacement; 0 is what find_modrm finds. */
static const struct {
    unsigned char byte, distance;
} FIRST[FORMS] = {{0xe8, 1}, {0, 1}, {0xe9, 1}, {0x0f, 2}, {0x25, 1}};

/* A displacement follows where the tables of the two bytes before it have a bit in common. */
static void
fill_forms(void)
{
    static const unsigned char opcodes[] = {0x8d, 0x8b, 0x03, 0x3b, 0x39, 0x7e, 0x6f, 0x16};
    int byte;
    for (byte = 0; byte < 256; byte++)
        BEFORE[0][byte] = BEFORE[2][byte] = 1;
    LAST[0][0xe8] = LAST[2][0xe9] = 1;
    for (byte = 0x05; byte <= 0x3d; byte += 8)
        LAST[1][byte] = 1;
    LAST[1][0x15] = LAST[1][0x25] = LAST[1][0x35] = 3;
    for (byte = 0; byte < (int)sizeof opcodes; byte++)
        BEFORE[1][opcodes[byte]] = 1;
    for (byte = 0x40; byte < 0x50; byte++)
        BEFORE[1][byte] = 1;
    BEFORE[1][0xff] = 2;
    for (byte = 0x80; byte < 0x90; byte++)
        LAST[3][byte] = 1;
    BEFORE[3][0x0f] = 1;
    LAST[4][0x25] = BEFORE[4][0xff] = 1;
}

/* Append to the list of what a place leads to: 1, or 0 where it has none; -1 for an error. */
static int
keep(PyObject *lists, int64_t place, int64_t target)
{
    PyObject *key = PyLong_FromLongLong(target), *number = NULL;
    PyObject *list = key ? PyDict_GetItemWithError(lists, key) : NULL;
    if (!list) {
        Py_XDECREF(key);
        return PyErr_Occurred() ? -1 : 0;
    }
    Py_INCREF(list);
    int failed = 0;
    if (list == Py_None) {
        Py_DECREF(list);
        list = PyList_New(0);
        failed = !list || PyDict_SetItem(lists, key, list) < 0;
    }
    if (!failed) {
        number = PyLong_FromLongLong(place);
        failed = !number || PyList_Append(list, number) < 0;
    }
    Py_XDECREF(number);
    Py_XDECREF(list);
    Py_DECREF(key);
    return failed ? -1 : 1;
}

typedef struct {
    const int64_t *starts;
    Py_ssize_t count;
    int64_t first, last;  /* the range that holds all functions split off */
    int64_t end;          /* of all code */
} Split;

/* A jump into the middle of a part that is split off, from or to among such parts; before the
   first function and behind the code is none. */
static int
keep_split(PyObject *lists, const Split *split, int64_t place, int64_t target)
{
    int near = (split->first <= target && target < split->last)
               || (split->first <= place && place < split->last);
    if (!near || !split->count || target < split->starts[0] || target >= split->end)
        return 0;
    int64_t source = split->starts[function_of(split->starts, split->count, place)];
    int64_t to = split->starts[function_of(split->starts, split->count, target)];
    if (source == to || !(to & 15))
        return 0;
    int kept = keep(lists, place, to);
    if (kept == 0)
        PyErr_SetString(PyExc_KeyError, "a function is not looked for");
    return kept == 1 ? 1 : -1;
}

/* The next ModRM with mod 00 and r/m 101 before ``end``, or NULL; it takes eight bytes at once. */
static const unsigned char *
find_modrm(const unsigned char *at, const unsigned char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word = (word & 0xc7 * ones) ^ 0x05 * ones;  /* a byte that is 0 now is one */
        if ((word - ones) & ~word & 0x80 * ones)
            break;
    }
    while (at < end && (*at & 0xc7) != 0x05)
        at++;
    return at < end ? at : NULL;
}

static int
scan_code(const Py_buffer *code, int form, int64_t address, int top, const Py_buffer *filter,
          PyObject *lists, const Split *split)
{
    const unsigned char *bytes = code->buf, *bits = filter->buf;
    const unsigned char *last_table = LAST[form], *before_table = BEFORE[form];
    int shift = sieve_shift(filter->len);
    Py_ssize_t distance = FIRST[form].distance;
    for (Py_ssize_t at = distance; at <= code->len - 4; at++) {
        const unsigned char *from = bytes + at - distance, *end = bytes + code->len - 3 - distance;
        from = FIRST[form].byte ? memchr(from, FIRST[form].byte, (size_t)(end - from))
                                : find_modrm(from, end);
        if (!from)
            return 0;
        at = from - bytes + distance;
        unsigned char before = at > 1 ? bytes[at - 2] : 0, high;
        if (!(last_table[bytes[at - 1]] & before_table[before])
            || ((high = bytes[at + 3]) > top && high < 255 - top))
            continue;
        int64_t place = address + at, target = place + 4 + read_i32(bytes + at);
        uint64_t bit = sieve_bit(target, shift);
        int kept = 0;
        if (bits[bit >> 3] >> (bit & 7) & 1)
            kept = keep(lists, place, target);
        if (!kept)
            kept = keep_split(lists, split, place, target);
        if (kept < 0)
            return -1;
    }
    return 0;
}

PyDoc_STRVAR(scan_doc, "scan(code, form, address, top, sieve, lists, (starts, first, last, end))");

static PyObject *
scan(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer code, filter, starts;
    int form, top;
    long long address, first, last, end;
    PyObject *lists, *result = NULL;
    if (!PyArg_ParseTuple(args, "y*iLiy*O(y*LLL)", &code, &form, &address, &top, &filter, &lists,
                          &starts, &first, &last, &end))
        return NULL;
    Split split = {starts.buf, starts.len / (Py_ssize_t)sizeof(int64_t), first, last, end};
    if (form < 0 || form >= FORMS || top < 0 || top > 255 || address < 0 || address > HIGHEST
        || filter.len < 8 || (filter.len & (filter.len - 1)) || !PyDict_Check(lists))
        PyErr_SetString(PyExc_ValueError, "no such scan");
    else if (scan_code(&code, form, address, top, &filter, lists, &split) == 0)
        result = Py_NewRef(Py_None);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&filter);
    PyBuffer_Release(&code);
    return result;
}

PyDoc_STRVAR(holding_doc, "holding(starts, places, without)");

static int
add_function(PyObject *functions, const Split *split, PyObject *place, Py_ssize_t *known)
{
    int64_t number = PyLong_AsLongLong(place);
    if (number == -1 && PyErr_Occurred())
        return -1;
    if (!split->count) {
        PyErr_SetString(PyExc_IndexError, "no function");
        return -1;
    }
    Py_ssize_t at = function_of(split->starts, split->count, number);
    if (at == *known)
        return 0;
    *known = at;
    PyObject *function = PyLong_FromLongLong(split->starts[at]);
    int failed = !function || PySet_Add(functions, function) < 0;
    Py_XDECREF(function);
    return failed ? -1 : 0;
}

static PyObject *
holding(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer starts;
    PyObject *places, *without, *place;
    if (!PyArg_ParseTuple(args, "y*OO", &starts, &places, &without))
        return NULL;
    Split split = {starts.buf, starts.len / (Py_ssize_t)sizeof(int64_t), 0, 0, 0};
    Py_ssize_t known = -1, left_out = PyObject_Size(without);
    PyObject *functions = left_out < 0 ? NULL : PyFrozenSet_New(NULL);
    PyObject *iterator = functions ? PyObject_GetIter(places) : NULL;
    int failed = !iterator;
    while (!failed && (place = PyIter_Next(iterator))) {
        int skip = left_out ? PySequence_Contains(without, place) : 0;
        failed = skip < 0 || (!skip && add_function(functions, &split, place, &known) < 0);
        Py_DECREF(place);
    }
    if (failed || PyErr_Occurred())
        Py_CLEAR(functions);
    Py_XDECREF(iterator);
    PyBuffer_Release(&starts);
    return functions;
}

/* -- what is known of pointers in code of x86-64 --------------------------------------------- */

enum { RSP = 4, RBP = 5, STORE = 0x89, LOAD = 0x8b, LEA = 0x8d, CALL = 0xe8, INDIRECT = 0xff };
enum { IMMEDIATE = 15, VARIES = 16, MODRM = 32, TO_REGISTER = 64, NARROW = 128 };
#define NOP 0x0f1f
#define CLOBBERS 0x0fc7

/* An instruction as instructions.py has it: -1 for no register, ``writes`` has a bit for each. */
typedef struct {
    Py_ssize_t size;
    int opcode, reg, base, operand;
    int32_t offset;
    int accesses, narrow, indexed;
    unsigned writes;
} Instruction;

typedef struct {
    const unsigned char *bytes;
    Py_ssize_t size, at;
    int ended;
} Reader;

static int
next_byte(Reader *code)
{
    if (code->at < code->size)
        return code->bytes[code->at++];
    code->ended = 1;
    return 0;
}

static void
read_operand(Reader *code, int rex, Instruction *one)
{
    int byte = next_byte(code), mod = byte >> 6, rm = byte & 7;
    one->reg = (byte >> 3 & 7) | (rex & 4) << 1;
    if (mod == 3) {
        one->operand = rm | (rex & 1) << 3;
        return;
    }
    int base = rm;
    if (rm == 4) {
        int sib = next_byte(code);
        base = sib & 7;
        one->indexed = ((sib >> 3 & 7) | (rex & 2) << 2) != 4;
    }
    int none = base == 5 && mod == 0;
    one->base = none ? -1 : base | (rex & 1) << 3;
    if (mod == 1) {
        one->offset = (int8_t)next_byte(code);
    } else if (mod == 2 || none) {
        if (code->size - code->at < 4)
            code->ended = 1;
        else
            one->offset = read_i32(code->bytes + code->at);
        code->at += 4;
    }
}

static void
read_vector(Reader *code, int first, const unsigned char *second_map, Instruction *one)
{
    int kind = next_byte(code), table = 1;
    int rex = (~kind >> 7 & 1) << 2 | (~kind >> 6 & 1) << 1 | (~kind >> 5 & 1);
    if (first == 0xc5) {
        rex &= 4;
    } else {
        table = kind & (first == 0xc4 ? 31 : 7);
        code->at += first == 0xc4 ? 1 : 2;
    }
    int opcode = next_byte(code);
    if (first != 0x62 && table == 1 && opcode == 0x77) {
        one->opcode = 0x0f77;
        return;
    }
    read_operand(code, rex, one);
    code->at += table == 3 || (table == 1 && (second_map[opcode] & IMMEDIATE) == 1);
    one->opcode = table << 16 | opcode;
    one->accesses = 1;
}

static void
read_second(Reader *code, int rex, const unsigned char *second_map, Instruction *one)
{
    int second = next_byte(code), form = second_map[second];
    one->opcode = 0x0f00 | second;
    if (second == 0x38 || second == 0x3a) {
        one->opcode = second << 8;
        code->at++;
        form = MODRM | (second == 0x3a);
    }
    if (form & MODRM) {
        read_operand(code, rex, one);
        one->accesses = second != 0x0d && (second < 0x18 || second > 0x1f);
        one->narrow = (form & NARROW) != 0;
        if (form & TO_REGISTER)
            one->writes = 1u << one->reg;
        else if (one->operand >= 0 && (second == 0x7e || second >= 0x90))
            one->writes = 1u << one->operand;
    }
    code->at += form & IMMEDIATE;
}

/* What an opcode writes whose destination is the operand of its ModRM. */
static unsigned
written(int opcode, const Instruction *one)
{
    int of = one->reg & 7;
    if ((opcode & 0xfe) == 0xf6 && of > 3)
        return 1u << 0 | 1u << 2;
    int only_reads = (opcode >= 0x38 && opcode <= 0x3b) || opcode == 0x84 || opcode == 0x85
                     || ((opcode == 0x80 || opcode == 0x81 || opcode == 0x83) && of == 7)
                     || (opcode >= 0xd8 && opcode < 0xe0) || (opcode == 0xff && of > 1)
                     || ((opcode & 0xfe) == 0xf6 && of < 2);
    unsigned found = one->operand >= 0 && !only_reads ? 1u << one->operand : 0;
    return (opcode & 0xfe) == 0x86 ? found | 1u << one->reg : found;
}

/* What an opcode without a ModRM writes. */
static unsigned
implicit(int opcode, int rex)
{
    int low = (opcode & 7) | (rex & 1) << 3;
    if ((opcode >= 0x58 && opcode < 0x60) || (opcode >= 0xb0 && opcode < 0xc0))
        return 1u << low;
    if (opcode > 0x90 && opcode < 0x98)
        return 1u << 0 | 1u << low;
    if (opcode == 0x98 || (opcode < 0x38 && ((opcode & 7) == 4 || (opcode & 7) == 5)))
        return 1u << 0;
    return opcode == 0x99 ? 1u << 2 : 0;
}

static void
read_first(Reader *code, int opcode, int rex, int narrowed, int form, Instruction *one)
{
    int immediate = form & IMMEDIATE;
    one->opcode = opcode;
    if (form & VARIES)
        immediate = narrowed ? 2 : immediate;
    if (form & MODRM) {
        read_operand(code, rex, one);
        one->accesses = opcode != LEA;
        one->narrow = (form & NARROW) != 0;
        one->writes = form & TO_REGISTER ? 1u << one->reg : written(opcode, one);
        if ((opcode & 0xfe) == 0xf6 && (one->reg & 7) > 1)
            immediate = 0;
    } else {
        one->writes = implicit(opcode, rex);
        if (opcode >= 0xb8 && opcode < 0xc0 && rex & 8)
            immediate = 8;
    }
    code->at += immediate;
}

/* The next instruction; its immediate may lie behind the code. 0 where the code ends in it. */
static int
decode(Reader *code, const unsigned char *forms, Instruction *one)
{
    Py_ssize_t start = code->at;
    int narrowed = 0, rex = 0, byte;
    *one = (Instruction){.reg = -1, .base = -1, .operand = -1};
    while ((byte = next_byte(code)) == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2
           || byte == 0xf3 || byte == 0x64 || byte == 0x65 || (byte & 0xe7) == 0x26)
        narrowed |= byte == 0x66;
    if ((byte & 0xf0) == 0x40) {
        rex = byte;
        byte = next_byte(code);
    }
    if (byte == 0xc4 || byte == 0xc5 || byte == 0x62)
        read_vector(code, byte, forms + 256, one);
    else if (byte == 0x0f)
        read_second(code, rex, forms + 256, one);
    else
        read_first(code, byte, rex, narrowed, forms[byte], one);
    one->size = code->at - start;
    return !code->ended;
}

/* Labels of what registers and the stack hold: ``kept`` are their bits that the stack keeps,
   ``blocks`` those with which RSP and RBP lead elsewhere than to it. */
typedef struct {
    unsigned char labels[16], kept, blocks;
    PyObject *stack;
} Followed;

/* Put a label on a place of the stack; -1 for an error. */
static int
put_label(PyObject *stack, const Instruction *one, int label)
{
    PyObject *place = PyLong_FromLongLong((int64_t)one->offset * 16 + one->base);
    PyObject *number = place ? PyLong_FromLong(label) : NULL;
    int failed = !number || PyDict_SetItem(stack, place, number) < 0;
    Py_XDECREF(number);
    Py_XDECREF(place);
    return failed ? -1 : 0;
}

/* The label of a place of the stack; -1 for an error. */
static int
label_at(PyObject *stack, const Instruction *one)
{
    PyObject *place = PyLong_FromLongLong((int64_t)one->offset * 16 + one->base);
    PyObject *number = place ? PyDict_GetItemWithError(stack, place) : NULL;
    Py_XDECREF(place);
    if (number)
        return (int)PyLong_AsLong(number);
    return PyErr_Occurred() ? -1 : 0;
}

/* The label that an instruction moves to what it writes; -1 for an error. */
static int
moved(Followed *followed, const Instruction *one)
{
    const unsigned char *labels = followed->labels;
    int on_stack = (one->base == RSP || one->base == RBP) && !one->indexed
                   && !(labels[one->base] & followed->blocks);
    if (one->opcode == STORE && one->reg >= 0) {
        int label = labels[one->reg];
        if (on_stack && put_label(followed->stack, one, label & followed->kept) < 0)
            return -1;
        return one->operand >= 0 ? label : 0;
    }
    if (one->opcode == LOAD && on_stack)
        return label_at(followed->stack, one);
    return one->opcode == LOAD && one->operand >= 0 ? labels[one->operand] : 0;
}

static void
write_label(Followed *followed, unsigned registers, int label)
{
    for (int number = 0; registers; number++, registers >>= 1)
        if (registers & 1)
            followed->labels[number] = (unsigned char)label;
}

/* Append to a list; takes the reference to what is appended. */
static int
append(PyObject *list, PyObject *item)
{
    int failed = !item || PyList_Append(list, item) < 0;
    Py_XDECREF(item);
    return failed ? -1 : 0;
}

/* Whether an instruction is a call, also through memory; ``far`` counts those to other segments. */
static int
is_call(const Instruction *one, int far)
{
    if (one->opcode == INDIRECT && one->reg >= 0)
        return (one->reg & 7) == 2 || (far && (one->reg & 7) == 3);
    return one->opcode == CALL;
}

static int
find_uses(Reader *code, const unsigned char *forms, Followed *followed, PyObject *found)
{
    static const unsigned char none[sizeof followed->labels];
    Instruction one;
    while ((memcmp(followed->labels, none, sizeof none) || PyDict_Size(followed->stack))
           && decode(code, forms, &one)) {
        int reaches = (one.accesses && one.opcode != NOP) || one.opcode == LEA;
        int label = one.base >= 0 ? followed->labels[one.base] : 0;
        if (label && reaches && !one.indexed && !one.narrow && one.offset >= 0
            && one.offset <= 0xffff
            && append(found, PyLong_FromLong((long)label << 16 | one.offset)) < 0)
            return -1;
        if ((label = moved(followed, &one)) < 0)
            return -1;
        write_label(followed, is_call(&one, 1) ? CLOBBERS : one.writes, label);
    }
    return 0;
}

PyDoc_STRVAR(uses_doc, "uses(code, forms, labels)");

static PyObject *
uses(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer code, forms, labels;
    if (!PyArg_ParseTuple(args, "y*y*y*", &code, &forms, &labels))
        return NULL;
    Followed followed = {.kept = 0xff, .blocks = 0xff, .stack = PyDict_New()};
    PyObject *found = followed.stack ? PyList_New(0) : NULL;
    if (found && (forms.len != 512 || labels.len != 16)) {
        PyErr_SetString(PyExc_ValueError, "no such tables");
        Py_CLEAR(found);
    }
    if (found) {
        Reader reader = {code.buf, code.len, 0, 0};
        memcpy(followed.labels, labels.buf, sizeof followed.labels);
        if (find_uses(&reader, forms.buf, &followed, found) < 0)
            Py_CLEAR(found);
    }
    Py_XDECREF(followed.stack);
    PyBuffer_Release(&labels);
    PyBuffer_Release(&forms);
    PyBuffer_Release(&code);
    return found;
}

enum { OWN = 1, GIVEN = 2 };

/* What a function is read with: where it starts, and from where to where variables are. */
typedef struct {
    int64_t start;
    const int64_t *variables;
    Py_ssize_t bounds;
} Place;

/* Whether LEA makes a pointer into memory of the function's own. */
static int
makes_own(const Reader *code, const Instruction *one, const Followed *followed, const Place *place)
{
    if (one->indexed || (code->bytes[code->at - one->size] & 0xf8) != 0x48)
        return 0;
    if (one->base >= 0)
        return one->base == RSP || one->base == RBP
               || (one->offset > 0 && followed->labels[one->base] & GIVEN);
    int64_t address = place->start + code->at + one->offset;
    for (Py_ssize_t at = 0; at + 1 < place->bounds; at += 2)
        if (place->variables[at] <= address && address < place->variables[at + 1])
            return 1;
    return 0;
}

/* Whether ADD moves a pointer that the function was given into what it leads to. */
static int
adds_to_given(const Reader *code, const Instruction *one, const Followed *followed)
{
    return (one->opcode == 0x81 || one->opcode == 0x83) && one->operand >= 0
           && (one->reg & 7) == 0 && (code->bytes[code->at - one->size] & 0xf8) == 0x48
           && !(code->bytes[code->at - 1] & 0x80) && followed->labels[one->operand] & GIVEN;
}

/* The address that an instruction calls, or of the slot, and the registers that hold own memory. */
static int
add_call(const Reader *code, const Instruction *one, const Followed *followed, int64_t start,
         PyObject *found)
{
    if (code->at < 4 || (one->opcode == INDIRECT && (one->base >= 0 || one->operand >= 0)))
        return 0;
    int64_t target = start + code->at + read_i32(code->bytes + code->at - 4);
    unsigned own = 0;
    for (int number = 0; number < 16; number++)
        own |= (unsigned)(followed->labels[number] & OWN) << number;
    return append(found, Py_BuildValue("LI", (long long)target, own));
}

static int
find_lent(Reader *code, const unsigned char *forms, Followed *followed, const Place *place,
          PyObject *found)
{
    Instruction one;
    while (decode(code, forms, &one) && code->at <= code->size) {
        if (is_call(&one, 0)) {
            if (add_call(code, &one, followed, place->start, found) < 0)
                return -1;
            write_label(followed, CLOBBERS, 0);
            continue;
        }
        int label = moved(followed, &one);
        if (label < 0)
            return -1;
        if ((one.opcode == LEA && makes_own(code, &one, followed, place))
            || adds_to_given(code, &one, followed))
            label = OWN;
        write_label(followed, one.writes, label);
        followed->labels[RSP] |= OWN;
    }
    return 0;
}

PyDoc_STRVAR(lent_doc, "lent(code, forms, labels, start, variables)");

static PyObject *
lent(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer code, forms, labels, variables;
    long long start;
    if (!PyArg_ParseTuple(args, "y*y*y*Ly*", &code, &forms, &labels, &start, &variables))
        return NULL;
    Followed followed = {.kept = OWN, .blocks = 0, .stack = PyDict_New()};
    PyObject *found = followed.stack ? PyList_New(0) : NULL;
    if (found && (forms.len != 512 || labels.len != 16 || start < 0 || start > HIGHEST)) {
        PyErr_SetString(PyExc_ValueError, "no such tables");
        Py_CLEAR(found);
    }
    if (found) {
        Reader reader = {code.buf, code.len, 0, 0};
        Place place = {start, variables.buf, variables.len / (Py_ssize_t)sizeof(int64_t)};
        memcpy(followed.labels, labels.buf, sizeof followed.labels);
        if (find_lent(&reader, forms.buf, &followed, &place, found) < 0)
            Py_CLEAR(found);
    }
    Py_XDECREF(followed.stack);
    PyBuffer_Release(&variables);
    PyBuffer_Release(&labels);
    PyBuffer_Release(&forms);
    PyBuffer_Release(&code);
    return found;
}

/* The opcode of the instruction at the fourth last byte before ``end``, and where it ends; None
   where the code ends in it. */
static PyObject *
last_before(Reader *reader, const unsigned char *forms, Instruction *one, int64_t end)
{
    Py_ssize_t start = reader->at;
    reader->size = (Py_ssize_t)end;
    while (reader->at <= reader->size - 4) {
        start = reader->at;
        if (!decode(reader, forms, one))
            break;
    }
    if (!reader->ended)
        return Py_BuildValue("in", one->opcode, reader->at);
    reader->at = start;
    reader->ended = 0;
    return Py_NewRef(Py_None);
}

PyDoc_STRVAR(last_doc, "last(code, forms, ends)");

static PyObject *
last(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer code, forms, ends;
    if (!PyArg_ParseTuple(args, "y*y*y*", &code, &forms, &ends))
        return NULL;
    const int64_t *end = ends.buf;
    Py_ssize_t count = ends.len / (Py_ssize_t)sizeof(int64_t);
    Reader reader = {code.buf, 0, 0, 0};
    Instruction one = {0};
    PyObject *result = PyList_New(0);
    for (Py_ssize_t row = 0; result && row < count; row++) {
        PyObject *found = NULL;
        if (forms.len != 512 || end[row] < 0 || end[row] > code.len)
            PyErr_SetString(PyExc_ValueError, "no such tables");
        else
            found = last_before(&reader, forms.buf, &one, end[row]);
        if (!found || PyList_Append(result, found) < 0)
            Py_CLEAR(result);
        Py_XDECREF(found);
    }
    PyBuffer_Release(&ends);
    PyBuffer_Release(&forms);
    PyBuffer_Release(&code);
    return result;
}

/* -- what leads to what in code ---------------------------------------------------------------- */

/* A list that grows, of numbers of functions and of what they lead to. */
typedef struct {
    int32_t *items;
    size_t count, room;
} Numbers;

static int
push(Numbers *numbers, long item)
{
    if (item < 0 || item > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "no such number");
        return -1;
    }
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? 2 * numbers->room : 256;
        int32_t *items = realloc(numbers->items, room * sizeof *items);
        if (!items) {
            PyErr_NoMemory();
            return -1;
        }
        numbers->items = items;
        numbers->room = room;
    }
    numbers->items[numbers->count++] = (int32_t)item;
    return 0;
}

/* The functions that hold the ``places``, each with the ``number`` of what they lead to. */
static int
add_edges(Numbers *edges, const Split *split, PyObject *places, PyObject *number,
          PyObject *without, Py_ssize_t left_out)
{
    long to = PyLong_AsLong(number);
    if (to == -1 && PyErr_Occurred())
        return -1;
    for (Py_ssize_t at = 0; at < PyList_Size(places); at++) {
        PyObject *place = PyList_GetItem(places, at);
        int skip = left_out ? PySequence_Contains(without, place) : 0;
        int64_t where = skip ? 0 : PyLong_AsLongLong(place);
        if (skip < 0 || (where == -1 && PyErr_Occurred()))
            return -1;
        if (!skip
            && (push(edges, (long)function_of(split->starts, split->count, where)) < 0
                || push(edges, to) < 0))
            return -1;
    }
    return 0;
}

/* Two columns of all ``edges``: where those of each function begin, and what they lead to. */
static PyObject *
sorted_edges(const Numbers *edges, Py_ssize_t functions)
{
    size_t width = sizeof(int32_t), count = edges->count / 2;
    PyObject *heads = PyBytes_FromStringAndSize(NULL, (functions + 1) * (Py_ssize_t)width);
    PyObject *leads = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)(count * width));
    int32_t *next = calloc((size_t)functions + 2, width), *head, *lead;
    if (!heads || !leads || !next) {
        Py_XDECREF(heads);
        Py_XDECREF(leads);
        free(next);
        return PyErr_NoMemory();
    }
    head = (int32_t *)PyBytes_AsString(heads);
    lead = (int32_t *)PyBytes_AsString(leads);
    for (size_t at = 0; at < count; at++)
        next[edges->items[2 * at] + 1]++;
    for (Py_ssize_t at = 0; at < functions; at++)
        next[at + 1] += next[at];
    memcpy(head, next, ((size_t)functions + 1) * width);
    for (size_t at = 0; at < count; at++)
        lead[next[edges->items[2 * at]]++] = edges->items[2 * at + 1];
    free(next);
    return Py_BuildValue("NN", heads, leads);
}

PyDoc_STRVAR(edges_doc, "edges(starts, lists, numbers, without)");

static PyObject *
edges(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer starts;
    PyObject *lists, *numbers, *without, *address, *places, *result = NULL;
    if (!PyArg_ParseTuple(args, "y*O!O!O", &starts, &PyDict_Type, &lists, &PyDict_Type, &numbers,
                          &without))
        return NULL;
    Split split = {starts.buf, starts.len / (Py_ssize_t)sizeof(int64_t), 0, 0, 0};
    Py_ssize_t at = 0, left_out = PyObject_Size(without);
    Numbers found = {0};
    int failed = left_out < 0;
    if (!failed && !split.count) {
        PyErr_SetString(PyExc_IndexError, "no function");
        failed = 1;
    }
    while (!failed && PyDict_Next(lists, &at, &address, &places)) {
        PyObject *number = NULL;
        if (PyList_Check(places) && !(number = PyDict_GetItemWithError(numbers, address)))
            failed = PyErr_Occurred() != NULL;
        if (number)
            failed = add_edges(&found, &split, places, number, without, left_out) < 0;
    }
    if (!failed)
        result = sorted_edges(&found, split.count);
    free(found.items);
    PyBuffer_Release(&starts);
    return result;
}

/* A walk along edges: ``seen`` has a byte for each number, ``found`` gets those of no function. */
typedef struct {
    const int32_t *heads, *leads;
    Py_ssize_t functions, count;
    unsigned char *seen;
    Py_ssize_t size;
    Numbers pending;
    PyObject *found;
} Walk;

static int
visit(Walk *walk, long number)
{
    if (number < 0 || number >= walk->size) {
        PyErr_SetString(PyExc_ValueError, "no such number");
        return -1;
    }
    if (walk->seen[number])
        return 0;
    walk->seen[number] = 1;
    if (number >= walk->functions && append(walk->found, PyLong_FromLong(number)) < 0)
        return -1;
    return push(&walk->pending, number);
}

static int
visit_all(Walk *walk, PyObject *numbers)
{
    for (Py_ssize_t at = 0; at < PyList_Size(numbers); at++) {
        long number = PyLong_AsLong(PyList_GetItem(numbers, at));
        if ((number == -1 && PyErr_Occurred()) || visit(walk, number) < 0)
            return -1;
    }
    return 0;
}

/* Visit what a number leads to, by an edge or by what is told ``further``. */
static int
leave(Walk *walk, int32_t from, PyObject *further)
{
    if (from < walk->functions) {
        int32_t at = walk->heads[from], end = walk->heads[from + 1];
        if (at < 0 || end > walk->count) {
            PyErr_SetString(PyExc_ValueError, "no such edges");
            return -1;
        }
        for (; at < end; at++)
            if (visit(walk, walk->leads[at]) < 0)
                return -1;
    }
    if (!PyDict_Size(further))
        return 0;
    PyObject *key = PyLong_FromLong(from);
    PyObject *more = key ? PyDict_GetItemWithError(further, key) : NULL;
    Py_XDECREF(key);
    if (!more)
        return PyErr_Occurred() ? -1 : 0;
    return PyList_Check(more) ? visit_all(walk, more) : 0;
}

PyDoc_STRVAR(walk_doc, "walk(heads, leads, further, seeds, seen)");

static PyObject *
walk(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer heads, leads, seen;
    PyObject *further, *seeds;
    if (!PyArg_ParseTuple(args, "y*y*O!O!w*", &heads, &leads, &PyDict_Type, &further, &PyList_Type,
                          &seeds, &seen))
        return NULL;
    Py_ssize_t width = sizeof(int32_t);
    Walk one = {heads.buf, leads.buf, heads.len / width - 1, leads.len / width,
                seen.buf, seen.len, {0}, PyList_New(0)};
    int failed = !one.found || visit_all(&one, seeds) < 0;
    while (!failed && one.pending.count)
        failed = leave(&one, one.pending.items[--one.pending.count], further) < 0;
    if (failed)
        Py_CLEAR(one.found);
    free(one.pending.items);
    PyBuffer_Release(&seen);
    PyBuffer_Release(&leads);
    PyBuffer_Release(&heads);
    return one.found;
}

/* -- string tables --------------------------------------------------------------------------- */

PyDoc_STRVAR(names_doc, "names(table, offsets, most)");

static PyObject *
names(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer table, offsets;
    Py_ssize_t most;
    if (!PyArg_ParseTuple(args, "y*y*n", &table, &offsets, &most))
        return NULL;
    Py_ssize_t count = offsets.len / (Py_ssize_t)sizeof(uint32_t), number;
    PyObject *found = PyList_New(count);
    for (number = 0; found && number < count; number++) {
        uint32_t at;
        memcpy(&at, (const char *)offsets.buf + number * (Py_ssize_t)sizeof at, sizeof at);
        const char *start = (const char *)table.buf + at, *end = NULL;
        if ((uint64_t)at < (uint64_t)table.len)
            end = memchr(start, 0, (size_t)(table.len - (Py_ssize_t)at));
        if (!end || (most -= end - start) < 0) {
            Py_XDECREF(found);
            found = Py_NewRef(Py_None);
            break;
        }
        PyObject *name = PyUnicode_DecodeUTF8(start, end - start, "surrogateescape");
        if (!name || PyList_SetItem(found, number, name) < 0)
            Py_CLEAR(found);
    }
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&table);
    return found;
}

/* The lines of one run, from ``*at`` on, or NULL; what is not ``wanted`` is passed over, for None. */
static PyObject *
read_run(const char **at, const char *end, uint32_t count, int wanted)
{
    PyObject *lines = wanted ? PyList_New(0) : Py_NewRef(Py_None);
    for (; lines && count; count--) {
        if (!*at) {
            PyErr_SetString(PyExc_ValueError, "a block of names that is cut off");
            Py_CLEAR(lines);
            break;
        }
        const char *start = *at, *stop = memchr(start, '\n', (size_t)(end - start));
        *at = stop ? stop + 1 : NULL;
        if (!wanted)
            continue;
        PyObject *line = PyUnicode_DecodeUTF8(start, (stop ? stop : end) - start,
                                              "surrogateescape");
        if (!line || PyList_Append(lines, line) < 0)
            Py_CLEAR(lines);
        Py_XDECREF(line);
    }
    return lines;
}

PyDoc_STRVAR(runs_doc, "runs(text, counts, wanted)");

static PyObject *
runs(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer text, counts, wanted;
    if (!PyArg_ParseTuple(args, "y*y*y*", &text, &counts, &wanted))
        return NULL;
    const char *begin = text.len ? text.buf : "", *at = begin, *end = begin + text.len;
    const unsigned char *is_wanted = wanted.buf;
    PyObject *found = NULL;
    if (counts.len == wanted.len * (Py_ssize_t)sizeof(uint32_t))
        found = PyList_New(wanted.len);
    else
        PyErr_SetString(PyExc_ValueError, "no such runs");
    for (Py_ssize_t run = 0; found && run < wanted.len; run++) {
        uint32_t count;
        memcpy(&count, (const char *)counts.buf + run * (Py_ssize_t)sizeof count, sizeof count);
        PyObject *lines = read_run(&at, end, count, is_wanted[run]);
        if (!lines || PyList_SetItem(found, run, lines) < 0)
            Py_CLEAR(found);
    }
    if (found && at && (at != begin || text.len)) {
        PyErr_SetString(PyExc_ValueError, "a block of names that is cut off");
        Py_CLEAR(found);
    }
    PyBuffer_Release(&wanted);
    PyBuffer_Release(&counts);
    PyBuffer_Release(&text);
    return found;
}

/* -- hash tables ----------------------------------------------------------------------------- */

static uint32_t
hash_of(const char *bytes, Py_ssize_t size)
{
    uint32_t hash = 5381;
    for (Py_ssize_t at = 0; at < size; at++)
        hash = hash * 33 + (unsigned char)bytes[at];
    return hash;
}

PyDoc_STRVAR(gnu_hash_doc, "gnu_hash(name)");

static PyObject *
gnu_hash(PyObject *module, PyObject *name)
{
    (void)module;
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(name, &bytes, &size) < 0)
        return NULL;
    return PyLong_FromUnsignedLong(hash_of(bytes, size));
}

/* The numbers of 4 and 8 bytes of a table. */
typedef struct {
    uint64_t bits, shift, first, words, heads, links;
    Py_buffer bloom, buckets, chain;
} Table;

static uint64_t
number_at(const Py_buffer *numbers, uint64_t at, int size)
{
    uint64_t wide = 0;
    uint32_t narrow = 0;
    const char *place = (const char *)numbers->buf + at * (uint64_t)size;
    if (size == 8)
        memcpy(&wide, place, 8);
    else
        memcpy(&narrow, place, 4);
    return size == 8 ? wide : narrow;
}

/* Links of a chain that are followed; how far others go is for the caller to find out. */
#define MOST_LINKS 64

/* Whether a lookup of a hash comes to a symbol: 0, 1, or 2 where the chain is too long to tell. */
static char
is_reached(const Table *table, uint32_t hash, uint64_t index)
{
    uint64_t shifted = table->shift < 32 ? hash >> table->shift : 0, lowest = table->first;
    uint64_t word = number_at(&table->bloom, hash / table->bits % table->words,
                              (int)table->bits / 8);
    if (!(word >> hash % table->bits & word >> shifted % table->bits & 1))
        return 0;
    uint64_t bucket = number_at(&table->buckets, hash % table->heads, 4);
    if (bucket < (lowest ? lowest : 1) || bucket > index || index >= table->first + table->links)
        return 0;
    if ((number_at(&table->chain, index - table->first, 4) | 1) != (hash | 1))
        return 0;
    if (index - bucket >= MOST_LINKS)
        return 2;
    for (; bucket < index; bucket++)
        if (number_at(&table->chain, bucket - table->first, 4) & 1)
            return 0;
    return 1;
}

/* The hash of a name that is text; -1 with an exception set. */
static int64_t
hash_of_text(PyObject *name)
{
    Py_ssize_t size;
    const char *utf8 = PyUnicode_AsUTF8AndSize(name, &size);
    if (utf8)
        return hash_of(utf8, size);
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
        return -1;
    PyErr_Clear();
    PyObject *encoded = PyUnicode_AsEncodedString(name, "utf-8", "surrogateescape");
    char *bytes;
    if (!encoded || PyBytes_AsStringAndSize(encoded, &bytes, &size) < 0) {
        Py_XDECREF(encoded);
        return -1;
    }
    int64_t hash = hash_of(bytes, size);
    Py_DECREF(encoded);
    return hash;
}

PyDoc_STRVAR(reached_doc, "reached(names, indexes, bits, shift, first, bloom, buckets, chain)");

static PyObject *
reached(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *names, *indexes, *result = NULL;
    unsigned int bits, shift, first;
    Table table;
    if (!PyArg_ParseTuple(args, "O!O!IIIy*y*y*", &PyList_Type, &names, &PyList_Type, &indexes,
                          &bits, &shift, &first, &table.bloom, &table.buckets, &table.chain))
        return NULL;
    table.bits = bits, table.shift = shift, table.first = first;
    table.heads = (uint64_t)table.buckets.len / 4, table.links = (uint64_t)table.chain.len / 4;
    table.words = bits == 32 || bits == 64 ? (uint64_t)table.bloom.len / (bits / 8) : 0;
    Py_ssize_t count = PyList_Size(names);
    if (!table.words || !table.heads || PyList_Size(indexes) != count)
        PyErr_SetString(PyExc_ValueError, "no such table");
    else
        result = PyBytes_FromStringAndSize(NULL, count);
    char *found = result ? PyBytes_AsString(result) : NULL;
    for (Py_ssize_t at = 0; found && at < count; at++) {
        int64_t hash = hash_of_text(PyList_GetItem(names, at));
        Py_ssize_t index = hash < 0 ? -1 : PyLong_AsSsize_t(PyList_GetItem(indexes, at));
        if (PyErr_Occurred()) {
            Py_CLEAR(result);
            break;
        }
        found[at] = index < 0 ? 0 : is_reached(&table, (uint32_t)hash, (uint64_t)index);
    }
    PyBuffer_Release(&table.chain);
    PyBuffer_Release(&table.buckets);
    PyBuffer_Release(&table.bloom);
    return result;
}

/* -- unwind tables --------------------------------------------------------------------------- */

typedef struct {
    int64_t start, end;
} Extent;

static int
compare_extents(const void *one, const void *other)
{
    const Extent *a = one, *b = other;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

/* The functions that have code, as their frame descriptions say, in the order of the search
   table; their number, or -1 where a description is not that of its function. */
static Py_ssize_t
read_extents(const int32_t *begins, const int32_t *places, Py_ssize_t count,
             const Py_buffer *table, int64_t base, Extent *extents)
{
    int64_t first = INT64_MAX;
    Py_ssize_t kept = 0;
    for (Py_ssize_t row = 0; row < count; row++)
        first = places[row] < first ? places[row] : first;
    for (Py_ssize_t row = 0; row < count; row++) {
        int64_t at = places[row] - first;
        if (at & 3 || at + 16 > table->len)
            return -1;
        const unsigned char *description = (const unsigned char *)table->buf + at;
        uint32_t begin = (uint32_t)read_i32(description + 8);
        uint32_t length = (uint32_t)read_i32(description + 12);
        if ((uint32_t)places[row] + 8 + begin != (uint32_t)begins[row])
            return -1;
        if (length)
            extents[kept++] = (Extent){base + begins[row], base + begins[row] + length};
    }
    return kept;
}

/* The bytes that the functions fill; -1 where one is outside of the ranges or overlaps another. */
static int64_t
covered_bytes(const Extent *extents, Py_ssize_t count, const int64_t *ranges, Py_ssize_t bounds)
{
    int64_t covered = 0, at = 0;
    Py_ssize_t range = 0;
    for (Py_ssize_t row = 0; row < count; row++) {
        Extent one = extents[row];
        while (range < bounds && one.start >= ranges[range + 1])
            range += 2;
        if (range >= bounds || one.start < at || one.start < ranges[range]
            || one.end > ranges[range + 1])
            return -1;
        at = one.end;
        covered += one.end - one.start + (-one.end & 15);
    }
    return covered;
}

PyDoc_STRVAR(described_doc, "described(begins, places, table, base, ranges)");

static PyObject *
described(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer begins, places, table, ranges;
    long long base;
    if (!PyArg_ParseTuple(args, "y*y*y*Ly*", &begins, &places, &table, &base, &ranges))
        return NULL;
    PyObject *result = NULL;
    Extent *extents = NULL;
    Py_ssize_t count = begins.len / (Py_ssize_t)sizeof(int32_t);
    if (places.len != begins.len || ranges.len % 16 || base < 0 || base > HIGHEST) {
        PyErr_SetString(PyExc_ValueError, "no such table");
    } else if (!(extents = PyMem_Calloc((size_t)count + 1, sizeof(Extent)))) {
        PyErr_NoMemory();
    } else {
        int64_t covered = -1;
        Py_ssize_t kept = read_extents(begins.buf, places.buf, count, &table, base, extents);
        if (kept >= 0) {
            qsort(extents, (size_t)kept, sizeof(Extent), compare_extents);
            covered = covered_bytes(extents, kept, ranges.buf,
                                    ranges.len / (Py_ssize_t)sizeof(int64_t));
        }
        result = covered < 0 ? Py_NewRef(Py_None) : PyLong_FromLongLong(covered);
    }
    PyMem_Free(extents);
    PyBuffer_Release(&ranges);
    PyBuffer_Release(&table);
    PyBuffer_Release(&places);
    PyBuffer_Release(&begins);
    return result;
}

/* -- the module ------------------------------------------------------------------------------ */

static PyMethodDef methods[] = {
    {"described", described, METH_VARARGS, described_doc},
    {"edges", edges, METH_VARARGS, edges_doc},
    {"gnu_hash", gnu_hash, METH_O, gnu_hash_doc},
    {"holding", holding, METH_VARARGS, holding_doc},
    {"last", last, METH_VARARGS, last_doc},
    {"lent", lent, METH_VARARGS, lent_doc},
    {"names", names, METH_VARARGS, names_doc},
    {"reached", reached, METH_VARARGS, reached_doc},
    {"runs", runs, METH_VARARGS, runs_doc},
    {"scan", scan, METH_VARARGS, scan_doc},
    {"sieve", sieve, METH_O, sieve_doc},
    {"uses", uses, METH_VARARGS, uses_doc},
    {"walk", walk, METH_VARARGS, walk_doc},
    {NULL, NULL, 0, NULL},
};

static int
add_constants(PyObject *module)
{
    return PyModule_AddIntMacro(module, INTERFACE);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, add_constants},
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_native",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    fill_forms();
    return PyModuleDef_Init(&definition);
}
