/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/control/sshd.h: a server's sshd, a daemon of its root context. It listens at TCP port
 * 22, whatever way a connection comes; who is let in is handed to the vServer of that name, whose
 * process has the session from then on: a shell, or on the control processor the relay. The key is
 * that of the slice's row as the server knows it (on the control processor, myPLC), or if there is
 * none the vServer's own.
 *
 * With `claims`, it is the control processor's: it has TCP port 22 of every interface of every line
 * card, in a traffic class of its own, above that of what nobody has claimed (SPP paper 6).
 *
 * Authentication costs auth_cost of the root layer, which has one piece of work at a time on a core
 * and goes before all vServers. What else sshd does costs nothing beyond the receive path. */
#pragma once

#include "emu/core/component.h"

extern const ComponentClass sshd_class;
