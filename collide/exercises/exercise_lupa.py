# packages: lupa
"""Lua: tables, coroutines, errors and callbacks."""

import lupa

lua = lupa.LuaRuntime(unpack_returned_tuples=True)
print(lua.eval("1 + 2 * 3"), list(lua.eval("{1, 2, 3}").values()), lua.eval("string.rep('ab', 3)"))
lua.execute("function f(g, n) local t = {} for i = 1, n do t[i] = g(i) end return #t, t[n] end")
print(lua.globals().f(lambda i: i * i, 100))
co = lua.eval("function(n) for i = 1, n do coroutine.yield(i) end end").coroutine(3)
print(list(co))
try:
    lua.execute("error('no')")
except lupa.LuaError as e:
    print(str(e).splitlines()[0])
