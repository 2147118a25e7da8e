"""LuaJIT runtimes: code, tables, coroutines, FFI, bit operations, errors, many at once, freed."""

import gc

import lupa.luajit21 as lupa

for _ in range(2):
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    print(lua.eval("1 + 2"), lua.eval("'a' .. 5"), lua.execute("return 1, 'x', nil, {1}")[:3])
    print(lua.execute("local t = 0; for i = 1, 1000000 do t = t + i % 7 end; return t"))
    print(lua.eval("bit.bxor(5, 3)"), lua.eval("jit ~= nil"), lua.eval("type(require('ffi'))"))
    print(
        lua.execute(
            "local ffi = require('ffi'); ffi.cdef('typedef struct { int a; double b; } pq;'); "
            "local p = ffi.new('pq', 3, 4.5); return p.a + p.b"
        )
    )
    f = lua.eval(
        "function(n) local function fib(k) return k < 2 and k or fib(k-1) + fib(k-2) end; return fib(n) end"
    )
    print(f(20))
    table = lua.table(1, 2, 3, a="x", b=lua.table(5))
    print(sorted(map(str, table.keys())), len(table), table.b[1], dict(lua.table(q=1)))
    table[4] = lambda x: x * 2
    lua.globals().t = table
    print(lua.eval("t[4](21)"), lua.eval("python.eval('2**10')"))
    lua.globals().py = {"k": [1, 2]}
    print(lua.eval("py.k[1]"), lua.eval("python.builtins.len(py.k)"))
    co = lua.eval("function() for i = 1, 5 do coroutine.yield(i * i) end end").coroutine()
    print(list(co))
    print(lua.eval("('x%d'):rep(3):format(1, 2, 3)"), lua.eval("string.gsub('hello', 'l', 'L')"))
    print(lua.execute("return pcall(error, {code = 5})")[0], lua.eval("select('#', 1, nil, 3)"))
    for bad in (
        "syntax error here",
        "error('täg')",
        "nil + 1",
        "(nil).x",
        "python.eval('1/0')",
        "string.rep()",
    ):
        try:
            print(lua.eval(bad))
        except Exception as e:
            print(type(e).__name__)
    print(lua.execute("local ok, e = pcall(function() python.eval('int(\"x\")') end); return ok"))
    print(
        lua.execute("local f = loadstring(string.dump(function(a) return a * 3 end)); return f(14)")
    )
    print(
        lua.execute(
            "local s = {}; for k in ('a,b,c'):gmatch('[^,]') do s[#s+1] = k end; return table.concat(s, '-')"
        )
    )
many = [lupa.LuaRuntime() for _ in range(20)]
print(sum(r.eval("collectgarbage('count') > 0 and 1 or 0") for r in many))
del many
gc.collect()
limited = lupa.LuaRuntime(attribute_filter=lambda o, n, s: n)
print(limited.eval("#('x'):rep(1000)"))
