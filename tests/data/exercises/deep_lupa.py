"""Coroutines, metatables, patterns, garbage collection, errors through both languages and bytecode."""

import lupa

lua = lupa.LuaRuntime(unpack_returned_tuples=True, encoding="utf-8")
for text in (
    "string.format('%5.2f|%q|%x', 3.14159, 'a\\nb', 255)",
    "('hello world'):gsub('o', '0')",
    "#('x'):rep(100000)",
    "string.find('key = value', '(%w+)%s*=%s*(%w+)')",
    "select('#', table.unpack({1, 2, 3}))",
    "math.floor(-3.5)",
    "os.time{year=2020, month=1, day=1, hour=12} > 0",
    "tostring(2^53)",
    "10 // 3",
    "7 & 3",
    "utf8 and utf8.char(233) or ''",
    "string.pack and #string.pack('i4d', 1, 2) or 12",
    "pcall(error, {code=1})",
    "load('return 1 +')",
    "math.type and math.type(1)",
):
    try:
        value = lua.eval(text)
        print(
            text[:20],
            value
            if isinstance(value, (int, float, str, bool, type(None)))
            else type(value).__name__,
        )
    except lupa.LuaError as e:
        print(text[:20], type(e).__name__)
generator = lua.eval("function(n) for i = 1, n do coroutine.yield(i, i * i) end end")
print(list(generator.coroutine(5)))
made = lua.execute(
    """
    local point = {}
    point.__index = point
    point.__add = function(a, b) return setmetatable({x = a.x + b.x}, point) end
    point.__tostring = function(p) return 'point ' .. p.x end
    point.__gc = function() end
    function new(x) return setmetatable({x = x}, point) end
    local sum = new(0)
    for i = 1, 20000 do sum = sum + new(i) end
    collectgarbage()
    return tostring(sum)
    """
)
print(made, round(lua.eval("collectgarbage('count')")) > 0)
sort = lua.eval(
    "function(t) table.sort(t, function(a, b) return a > b end) return table.concat(t, ',') end"
)
print(sort(lua.table_from(list(range(50)))))


def raising(n):
    if n > 3:
        raise KeyError("from Python")
    return n


call = lua.eval("function(f, n) local ok, e = pcall(f, n) return ok, tostring(e):sub(1, 40) end")
print(call(raising, 2), call(raising, 9)[0])
for bad in (
    "error('deep')",
    "local function f() return f() + 1 end f()",
    "nil_value.x = 1",
    "string.rep('x', -1):nope()",
    "return 1 +",
):
    try:
        lua.execute(bad)
        print("none")
    except (lupa.LuaError, MemoryError) as e:
        print(type(e).__name__, str(e).split("\n")[0][-30:])
dump = lua.eval(
    "function() local f = load(string.dump(function(a) return a * 2 end)) return f(21) end"
)
print(dump(), [k for k, _ in sorted(lua.table_from({"b": 1, "a": 2}).items())])
others = [lupa.LuaRuntime() for _ in range(20)]
print(sum(other.eval(f"{n} + 1") for n, other in enumerate(others)))
other = lupa.LuaRuntime(register_eval=False, attribute_filter=lambda o, name, setting: name)
print(other.eval("python.builtins == nil"), other.globals().math.pi)
