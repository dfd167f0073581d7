/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* Allocates an object of the module that will be unloaded; NULL where that is not loaded. Set and called by one process, the guest's init. */
extern const void *(*planted_leave)(void);
