/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into each program and module of a build that has all mutants.  The
 * number says which of them it is; tests/mutate/run writes it into the file,
 * behind the mark.
 */
const volatile struct {
	char mark[16];
	unsigned int number;
} nsc_mutant __attribute__((visibility("hidden"), used)) = {
	"nsc-mutant-is-%\n", 0
};
