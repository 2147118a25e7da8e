/* What the specimens use of CPython's stable ABI, so that no Python header is needed. */
#ifndef SPECIMEN_PYTHON_H
#define SPECIMEN_PYTHON_H

struct module_def {
    long refcount;
    void *type, *init;
    long index;
    void *copy;
    const char *name, *doc;
    long size;
    void *methods, *slots, *traverse, *clear, *free;
};

/* The PYTHON_ABI_VERSION of every Python 3. */
enum { STABLE_ABI = 3 };

void *PyModule_Create2(struct module_def *def, int api_version);
int PyModule_AddIntConstant(void *module, const char *name, long value);

#define TEXT_OF(token) #token
#define TEXT(token) TEXT_OF(token)
#define JOIN_OF(a, b) a##b
#define JOIN(a, b) JOIN_OF(a, b)

/* NAME, the module's name, comes from the command line. */
#define MODULE_DEF {.refcount = 1, .name = TEXT(NAME), .size = -1}
#define MODULE_INIT __attribute__((visibility("default"))) void *JOIN(PyInit_, NAME)(void)

#endif
