"""Closures, regular expressions, dates, JSON, errors, deep recursion and modules of Duktape."""

import dukpy

interpreter = dukpy.JSInterpreter()
interpreter.export_function("raising", lambda: {}["none"])
interpreter.export_function("echo", lambda *args: list(args))
for text in (
    "JSON.stringify({a:[1,'é',null,{b:undefined}],d:new Date(0)})",
    "'aXbX'.replace(/x/gi, function(m,i){return i})",
    "[3,1,2].sort().concat([[4]]).toString()",
    "(function f(n){return n<2?n:f(n-1)+f(n-2)})(18)",
    "var o=Object.create({x:1},{y:{get:function(){return this.x+1}}}); o.y",
    "/(\\d+)-(?:a|b)+$/.exec('x12-ab').index",
    "new Date(2020,1,29).getMonth()",
    "isNaN(parseFloat('x'))",
    "Math.round(Math.pow(2,0.5)*1e6)",
    "try{null.x}catch(e){e.name}",
    "try{undefined_name}catch(e){e.message}",
    "(function(){return arguments.length})(1,2,3)",
    "var s='';for(var i=0;i<20000;i++)s+=i%10;s.length",
    "echo(1,'x',[2])",
    "encodeURIComponent('é/')",
    "typeof Buffer",
    "1e21+''",
    "[].reduce",
    "throw new TypeError('told')",
    "raising()",
    "(function f(){return f()})()",
    "}{",
    "var a=[];a.length=-1",
    "new RegExp('(')",
    "JSON.parse('{bad')",
    "'x'.repeat",
    "eval('1+')",
):
    try:
        print(text[:24], interpreter.evaljs(text))
    except Exception as e:
        print(text[:24], type(e).__name__)
for _ in range(30):
    other = dukpy.JSInterpreter()
    other.evaljs(
        "var keep=[];for(var i=0;i<2000;i++)keep.push({i:i,f:function(){return i}});keep.length"
    )
print(
    interpreter.evaljs("dukpy.n*2", n=21),
    dukpy.evaljs(["var x=dukpy['v']", "x.map(function(y){return y+1})"], v=list(range(100)))[-1],
)
print(
    dukpy.evaljs(
        "var m=require('m');m.a",
    )
    if False
    else "end"
)
