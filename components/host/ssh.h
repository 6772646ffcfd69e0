/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/host/ssh.h: SSH sessions as far as sizes and order go: records over a connection.
 *
 *   client                    server
 *   HELLO                ->             version, algorithms, its half of the key exchange
 *                        <-   HELLO     the same, signed
 *   AUTH slice, key      ->
 *                        <-   OPEN      or DENIED, and the end
 *   KEY                  ->             a keystroke, which what runs there echoes
 *                        <-   KEY
 *   DATA ..., END        ->             an upload
 *                        <-   END       it is all there
 *
 * A record is 47 bytes and its payload: a keystroke is the 48 bytes that an OpenSSH packet with one
 * byte of channel data is (RFC 4253, 4254: 4 + 1 + 10 bytes, padded to 32 for a cipher of 16 byte
 * blocks, and 16 of HMAC-MD5). Nothing is encrypted: what that costs is the servers' parameters.
 * Not modelled: rekeying, windows of channels, several channels, compression. */
#pragma once

#include "components/host/stack.h"

enum { SSH_PORT = 22, SSH_RECORD_BYTES = 47, SSH_MAX_PAYLOAD = 4096 };
enum { SSH_HELLO_BYTES = 1000, SSH_AUTH_BYTES = 400, SSH_NAME_BYTES = 64 }; /* assumed: RSA */

typedef enum { SSH_HELLO = 1, SSH_AUTH, SSH_OPEN, SSH_DENIED, SSH_KEY, SSH_DATA, SSH_END } SshType;

typedef struct {
    SshType type;
    const uint8_t *payload;
    uint32_t length;
} SshRecord;

typedef struct {
    uint8_t bytes[SSH_RECORD_BYTES + SSH_MAX_PAYLOAD];
    uint32_t have;
    uint32_t may; /* bytes that it may read, unless `limited` is false */
    bool limited;
    bool whole; /* the record of the last call is still there */
    bool bad;   /* what came is no record, and nothing more is read */
} SshReader;

/* The next record, good until the next call; false: it is not there yet, or `bad`. */
bool ssh_next(SshReader *r, Connection *c, SshRecord *record);
/* Send a record; false: there is no room for all of it now. */
bool ssh_send(Connection *c, SshType type, const void *payload, uint32_t length);
/* AUTH's payload, of SSH_AUTH_BYTES; and what it says, name and key as texts. */
void ssh_put_auth(uint8_t *payload, const char *slice, const char *key);
bool ssh_get_auth(const SshRecord *record, const char **slice, const char **key);
