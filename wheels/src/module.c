/* The extension module: uses libvault as soon as it is imported and tells whether that went well.
   With OLD_API it keeps to the functions that both releases have. */
#include <stddef.h>

#include "python.h"
#include "vault.h"

MODULE_INIT
{
    static struct module_def def = MODULE_DEF;
    void *module = PyModule_Create2(&def, STABLE_ABI);
    struct vault *v;
    long expected = 42;

    if (!module || !(v = vault_new(expected)))
        return NULL;
#ifndef OLD_API
    vault_grow(v, 8);
    expected += 8;
#endif
    PyModule_AddIntConstant(module, "version", vault_version);
    PyModule_AddIntConstant(module, "size", vault_size(v));
    PyModule_AddIntConstant(module, "consistent",
                            vault_version == RELEASE && vault_size(v) == expected);
    vault_free(v);
    return module;
}
