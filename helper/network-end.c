/* SPDX-License-Identifier: Apache-2.0 */
/*
 * network-end: removes what the networks of ended containers left on the host.
 * container-monitor runs this as the last hook of a container that had such a
 * network.
 *
 * network-end --again: also makes the rules of nftables again for the
 * containers that run, after 'nft flush ruleset'.
 *
 * Runs as root of the host.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "util/version.h"
#include "network/attached.h"

int main(int argc, char **argv)
{
	struct nsc_error err = NSC_ERROR_INIT;
	bool again = argc == 2 && !strcmp(argv[1], "--again");

	if (nsc_version_print(argc, argv, "network-end"))
		return 0;
	if (argc != 1 && !again) {
		fputs("network-end: expected no argument, or --again\n",
		      stderr);
		return 2;
	}
	umask(022);
	if (nsc_attached_sweep(again, &err) == 0)
		return 0;
	fprintf(stderr, "%s\n", err.text);
	return 1;
}
