/* A library with state, like OpenSSL: what one function makes, another one reads. */
#include <stdlib.h>

#include "vault.h"

/* The releases only swap the fields: a mix of both reads the wrong one, but stays inside the
   struct, so that it misbehaves in the same way everywhere. */
struct vault {
#if RELEASE == 1
    long size, flags;
#else
    long flags, size;
#endif
};

int vault_version = RELEASE;

struct vault *vault_new(long size)
{
    struct vault *v = calloc(1, sizeof *v);
    if (v)
        v->size = size;
    return v;
}

long vault_size(const struct vault *v)
{
    return v->size;
}

void vault_free(struct vault *v)
{
    free(v);
}

#if RELEASE >= 2
long vault_grow(struct vault *v, long by)
{
    return v->size = vault_size(v) + by;
}
#endif
