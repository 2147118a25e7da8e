"""Lisp: numbers, lists, strings, closures, conditions, structures, objects, streams and formatting, by ECL."""

import contextlib

import sage.all__sagemath_categories  # noqa: F401 - the integers have to be made first
from sage.libs.ecl import EclObject, ecl_eval, init_ecl

with contextlib.suppress(RuntimeError):
    init_ecl()
for text in (
    "(+ 1 2)",
    "(expt 2 200)",
    "(/ 6 4)",
    "(sqrt -2.0)",
    "(complex 1 2)",
    "(* 1.5d0 1/3)",
    "(isqrt 1000000)",
    "(gcd 12 18)",
    '(format nil "~a ~s ~5d ~,3f ~r ~x ~%" \'a "b" 42 3.14159 77 255)',
    "(mapcar (lambda (x) (* x x)) '(1 2 3))",
    "(let ((f (let ((n 0)) (lambda () (incf n))))) (funcall f) (funcall f))",
    '(handler-case (error "bad ~a" 1) (error (e) (princ-to-string e)))',
    "(handler-case (/ 1 0) (division-by-zero () 'div))",
    "(handler-case (car 5) (type-error (e) (type-error-datum e)))",
    "(progn (defstruct p x (y 3)) (p-y (make-p :x 1)))",
    "(progn (defclass c () ((a :initarg :a :accessor a))) (defmethod d ((o c) z) (+ (a o) z)) (d (make-instance 'c :a 5) 6))",
    '(let ((h (make-hash-table :test \'equal))) (setf (gethash "k" h) 7) (list (gethash "k" h) (hash-table-count h)))',
    '(with-output-to-string (s) (print \'(1 . "x") s))',
    '(read-from-string "(a #(1 2) #\\\\b 1.5e3)")',
    "(sort (list 3 1 2) #'<)",
    "(multiple-value-list (floor -7 2))",
    "(loop for i from 1 to 5 collect (* i i))",
    '(coerce "abc" \'list)',
    '(string-upcase "täg")',
    "(funcall (lambda (x) (1+ x)) 3)",
    "(block b (return-from b 9))",
    "(catch 'k (throw 'k 4))",
    "(typep 5 'fixnum)",
    "(make-array '(2 2) :initial-element 0)",
    "(reduce #'+ (make-list 1000 :initial-element 3))",
    "(symbol-name 'Foo)",
    '(subseq "hello" 1 3)',
    "(bit-and #*1100 #*1010)",
    '(parse-integer "77")',
    "(eq 'a 'a)",
    "(labels ((f (n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2)))))) (f 18))",
    '(error "x")',
    "(undefined-one 1)",
    "(car 5",
    "(let ((x (loop repeat 20000 collect (make-string 20)))) (length x))",
    "'done",
):
    try:
        value = ecl_eval(text)
        print(text[:40], repr(value)[:120], value.consp(), value.fixnump())
    except Exception as e:
        print(text[:40], type(e).__name__)
one = EclObject([1, 2.5, "three", (4, 5), True, None, 10**30])
print(
    one,
    one.car(),
    one.cdr().car(),
    one.cadr(),
    one.python()[:2] if hasattr(one, "python") else "",
    EclObject("(a b)"),
    EclObject(5) == EclObject(5),
    EclObject("list")(1, EclObject([2])),
    [str(v) for v in one][:3],
)
