/* address.h: where the admin server listens: "unix:PATH", "HOST:PORT" or ":PORT" (this machine only). */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include <stddef.h>

/* A listening (or connected) stream socket; -1 with the reason in error. */
int address_listen(const char *address, char *error, size_t size);
int address_connect(const char *address, char *error, size_t size);
/* Removes what listening left behind (a socket file). */
void address_forget(const char *address);

#endif
