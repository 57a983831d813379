/* SPDX-License-Identifier: Apache-2.0 */
/* The packets of sftp: draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL. */
#ifndef NSC_RECORD_TRANSFER_SFTP_H
#define NSC_RECORD_TRANSFER_SFTP_H

#include <stddef.h>
#include <stdint.h>

#include "record/transfer.h"

#define NSC_SFTP_PACKET_MAX (256 * 1024 + 1024)

/* A number of four bytes. */
uint32_t nsc_sftp_number(const char *p);

/* A packet, of which data has the first n bytes behind its size. */
void nsc_sftp_packet(struct nsc_transfer *t, const char *data, size_t n);

/* Note the files that were not closed. */
void nsc_sftp_end(struct nsc_transfer *t);

void __attribute__((format(printf, 2, 3)))
nsc_transfer_note(struct nsc_transfer *t, const char *fmt, ...);

#endif
