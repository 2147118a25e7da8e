/* A module that counts its initialisations in what g++ makes of `inline int vault_count;`. */
#include <stddef.h>

#include "python.h"

extern int vault_count;
__asm__(".pushsection .data\n"
        ".weak vault_count\n"
        ".type vault_count, @gnu_unique_object\n"
        ".size vault_count, 4\n"
        ".balign 4\n"
        "vault_count: .long 0\n"
        ".popsection");

MODULE_INIT
{
    static struct module_def def = MODULE_DEF;
    void *module = PyModule_Create2(&def, STABLE_ABI);

    if (!module)
        return NULL;
    vault_count++;
    PyModule_AddIntConstant(module, "count", vault_count);
    PyModule_AddIntConstant(module, "consistent", vault_count == 1);
    return module;
}
