/* SPDX-License-Identifier: Apache-2.0 */
#include "util/library.h"

#include <dlfcn.h>
#include <errno.h>

static bool stopped;

static int library_refuse(const struct nsc_library *library,
			  struct nsc_error *err)
{
	const char *why = dlerror();

	return nsc_error_set(err, ELIBACC, "%s is needed and cannot be loaded: "
			     "%s: install it", library->soname,
			     why ? why : "no reason is known");
}

int nsc_library_load(struct nsc_library *library, struct nsc_error *err)
{
	/* POSIX guarantees that a function pointer fits into a void pointer. */
	void **to = library->functions;
	void *handle;

	if (__atomic_load_n(&library->loaded, __ATOMIC_ACQUIRE))
		return 0;
	if (stopped)
		return nsc_error_set(err, ELIBACC, "%s is needed, but can no "
				     "longer be loaded", library->soname);
	handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return library_refuse(library, err);
	for (size_t i = 0; library->names[i]; i++) {
		to[i] = dlsym(handle, library->names[i]);
		if (!to[i]) {
			int ret = library_refuse(library, err);

			dlclose(handle);
			return ret;
		}
	}
	/* Two threads that load the library at once store the same values. */
	__atomic_store_n(&library->loaded, true, __ATOMIC_RELEASE);
	return 0;
}

void nsc_library_stop(void)
{
	stopped = true;
}
