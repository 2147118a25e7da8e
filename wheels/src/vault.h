/* The interface of libvault, RELEASE 1 or 2. */
struct vault;

extern int vault_version;
struct vault *vault_new(long size);
long vault_size(const struct vault *v);
void vault_free(struct vault *v);
#if RELEASE >= 2
long vault_grow(struct vault *v, long by);
#endif
