/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * components/gpe/app_list.h: the applications. A new one is a file that defines an App, NAME_app,
 * and a line here. */
#pragma once

#define APPS(X)                                                                                    \
    X(compute)                                                                                     \
    X(click)                                                                                       \
    X(i3)                                                                                          \
    X(echo)                                                                                        \
    X(sink)                                                                                        \
    X(client)                                                                                      \
    X(listener)                                                                                    \
    X(shell)                                                                                       \
    X(relay)                                                                                       \
    X(manager)
