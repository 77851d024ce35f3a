/* connect.h: from an address to a socket, and who is at its ends. */
#ifndef JMS_CONNECT_H
#define JMS_CONNECT_H

#include <proton/connection_driver.h>
#include <proton/ssl.h>

#include "conf.h"

/* A connected, non-blocking socket; -1: why is in the text. Blocks for at most ten seconds an address, and
 * ends early when kick becomes readable. */
int jms_connect(const jms_endpoint *e, int kick, char *why, size_t size);

/* Sets user and TLS of a driver that is not bound yet. domain: to be freed after the driver. NULL: fine, else
 * what is wrong. */
const char *jms_secure(const jms_conf *c, const jms_endpoint *e, pn_connection_driver_t *driver,
                       pn_ssl_domain_t **domain);

#endif
