/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records: length of the payload, 4 bytes; type; zeros up to 47 bytes; payload. */
#include "components/host/ssh.h"

#include <string.h>

#include "fastpath/headers.h"

enum { AT_LENGTH = 0, AT_TYPE = 4 };

bool ssh_next(SshReader *r, Connection *c, SshRecord *record) {
    if (r->whole) r->have = 0;
    r->whole = false;
    while (!r->bad) {
        uint32_t need = SSH_RECORD_BYTES;
        if (r->have >= SSH_RECORD_BYTES) {
            uint32_t length = get32(r->bytes + AT_LENGTH), type = r->bytes[AT_TYPE];
            r->bad = length > SSH_MAX_PAYLOAD || type < SSH_HELLO || type > SSH_END;
            if (r->bad) break;
            need += length;
            if (r->have == need) {
                *record = (SshRecord){(SshType)type, r->bytes + SSH_RECORD_BYTES, length};
                return r->whole = true;
            }
        }
        uint32_t room = r->limited ? MIN(need - r->have, r->may) : need - r->have;
        uint32_t n = room ? connection_read(c, r->bytes + r->have, room) : 0;
        if (!n) break;
        r->have += n;
        r->may -= r->limited ? n : 0;
    }
    return false;
}

bool ssh_send(Connection *c, SshType type, const void *payload, uint32_t length) {
    uint8_t record[SSH_RECORD_BYTES + SSH_MAX_PAYLOAD] = {0};
    if (tcp_writable(connection_tcp(c)) < SSH_RECORD_BYTES + length) return false;
    put32(record + AT_LENGTH, length);
    record[AT_TYPE] = (uint8_t)type;
    if (payload) memcpy(record + SSH_RECORD_BYTES, payload, length);
    connection_write(c, record, SSH_RECORD_BYTES + length);
    return true;
}

void ssh_put_auth(uint8_t *payload, const char *slice, const char *key) {
    memset(payload, 0, SSH_AUTH_BYTES);
    g_strlcpy((char *)payload, slice, SSH_NAME_BYTES);
    g_strlcpy((char *)payload + SSH_NAME_BYTES, key, SSH_AUTH_BYTES - SSH_NAME_BYTES);
}

bool ssh_get_auth(const SshRecord *record, const char **slice, const char **key) {
    const char *p = (const char *)record->payload;
    bool whole = record->type == SSH_AUTH && record->length == SSH_AUTH_BYTES &&
                 !p[SSH_NAME_BYTES - 1] && !p[SSH_AUTH_BYTES - 1];
    if (!whole) return false;
    *slice = p;
    *key = p + SSH_NAME_BYTES;
    return true;
}
