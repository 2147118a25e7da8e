/* A host as small as can be: it links libvault.so.1 and opens modules as Python does.
   `host MODULE...` only opens them, `host -i MODULE...` initialises each and prints what it sets. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "python.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT void *PyModule_Create2(struct module_def *def, int api_version)
{
    return api_version == STABLE_ABI ? def : NULL;
}

EXPORT int PyModule_AddIntConstant(void *module, const char *name, long value)
{
    return printf("%s %s %ld\n", ((struct module_def *)module)->name, name, value) < 0 ? -1 : 0;
}

static void *initialise(void *handle, const char *path)
{
    char symbol[256];
    const char *slash = strrchr(path, '/');
    const char *stem = slash ? slash + 1 : path;
    void *(*init)(void);

    snprintf(symbol, sizeof symbol, "PyInit_%.*s", (int)strcspn(stem, "."), stem);
    *(void **)&init = dlsym(handle, symbol);
    return init ? init() : NULL;
}

int main(int argc, char **argv)
{
    int initialising = argc > 1 && strcmp(argv[1], "-i") == 0;

    for (int i = 1 + initialising; i < argc; i++) {
        void *handle = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        if (!handle || (initialising && !initialise(handle, argv[i]))) {
            const char *error = dlerror();
            fprintf(stderr, "%s\n", error ? error : "the module does not initialise");
            return 1;
        }
    }
    return 0;
}
