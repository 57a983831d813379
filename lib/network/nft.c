/* SPDX-License-Identifier: Apache-2.0 */
#include "network/nft.h"
#include "config.h"

#ifndef HAVE_NFTABLES

int nsc_nft_load(struct nsc_error *err)
{
	return nsc_error_set(err, EOPNOTSUPP, "nftables is needed, and nsinit "
			     "was built without libnftables-dev");
}

int nsc_nft_run(const char *commands, char **output, struct nsc_error *err)
{
	(void)commands;
	(void)output;
	return nsc_nft_load(err);
}

#else

#include <errno.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <sys/socket.h>

#include "util/fd.h"
#include "util/library.h"

#define FUNCTIONS(_) _(nft_ctx_buffer_error) _(nft_ctx_buffer_output) \
	_(nft_ctx_free) _(nft_ctx_get_error_buffer) \
	_(nft_ctx_get_output_buffer) _(nft_ctx_new) \
	_(nft_run_cmd_from_buffer)
NSC_LIBRARY(nft, SONAME_NFTABLES, FUNCTIONS);

static void nft_cleanup(struct nft_ctx **ctx)
{
	if (*ctx)
		nft.nft_ctx_free(*ctx);
}

/* Without the socket, libnftables would end the process. */
static int check_kernel(struct nsc_error *err)
{
	_cleanup_fd_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				     NETLINK_NETFILTER);

	return fd < 0 ? nsc_error_sys(err, errno, "nftables: this kernel has "
				      "no netfilter") : 0;
}

int nsc_nft_load(struct nsc_error *err)
{
	if (nsc_library_load(&nft_library, err) < 0)
		return nsc_error_context(err, "nftables, of the package "
					 "libnftables1");
	return check_kernel(err);
}

/* The kernel's reason is only in the text, which may go on with advice. */
static int nft_code(const char *text, size_t len)
{
	static const int codes[] = { ENOENT, EEXIST, EPERM, EOPNOTSUPP, EBUSY };

	for (size_t i = 0; i < NSC_ARRAY_SIZE(codes); i++) {
		const char *name = nsc_error_text(codes[i]);

		if (memmem(text, len, name, strlen(name)))
			return codes[i];
	}
	return EINVAL;
}

/*
 * The errors are lines such as "/dev/stdin:1:5-9: Error: No such file ..." with
 * the command below: report the first one.
 */
static int nft_explain(const char *errors, struct nsc_error *err)
{
	static const char mark[] = "Error: ";
	const char *text = errors ? strstr(errors, mark) : NULL;
	size_t len;

	if (!text)
		return nsc_error_set(err, EIO, "nftables: the commands failed "
				     "without a message");
	text += sizeof(mark) - 1;
	len = strcspn(text, "\n");
	return nsc_error_set(err, nft_code(text, len), "nftables: %.*s",
			     (int)len, text);
}

int nsc_nft_run(const char *commands, char **output, struct nsc_error *err)
{
	__attribute__((cleanup(nft_cleanup))) struct nft_ctx *ctx = NULL;
	int ret = nsc_nft_load(err);

	if (ret < 0)
		return ret;
	ctx = nft.nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx || nft.nft_ctx_buffer_error(ctx) != 0 ||
	    nft.nft_ctx_buffer_output(ctx) != 0)
		return nsc_error_sys(err, ENOMEM, "nftables");
	if (nft.nft_run_cmd_from_buffer(ctx, commands) != 0)
		return nft_explain(nft.nft_ctx_get_error_buffer(ctx), err);
	if (!output)
		return 0;
	*output = strdup(nft.nft_ctx_get_output_buffer(ctx));
	return *output ? 0 : nsc_error_sys(err, ENOMEM, "nftables");
}

#endif
