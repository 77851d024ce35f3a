/* hub.h: a net with the sources that get its messages. With Siddhi's TCP protocol sources of an app share a
 * hub, and the channel says whose a message is; else a hub has one source. */
#ifndef SOCKET_HUB_H
#define SOCKET_HUB_H

#include "../wire/inbox.h"
#include "peer.h"

typedef struct hub hub;

typedef struct hub_member {
    struct hub_member *next;
    hub *hub;
    const char *channel;
    wire_inbox inbox;
    bool wants_address; /* the sender's, as the only property */
} hub_member;

/* Of one app; zeroed at first. */
typedef struct hub_app {
    hub *hubs;
} hub_app;

/* Texts of both outlive the hub. The member's inbox is opened here. */
weir_status hub_join(hub_app *app, const net_spec *spec, const peer_spec *talk, hub_member *member,
                     size_t limit, weir_error *err);
void hub_leave(hub_app *app, hub_member *member);
void hub_state(hub_member *member, char *out, size_t size);

#endif
