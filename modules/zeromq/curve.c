/* curve.c: CURVE's keys, and the gate that lets in only the clients of a list (ZAP, ZeroMQ RFC 27). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "socket.h"

#define GATE "inproc://zeromq.zap.01"

static bool is_key(const char *text) {
    uint8_t bytes[32];
    return strlen(text) == CURVE_TEXT - 1 && zmq_z85_decode(bytes, text);
}

/* The first line of a file, without blanks around it. */
static weir_status read_key_file(const char *name, char key[CURVE_TEXT], weir_error *err) {
    char line[128];
    FILE *f = fopen(name, "re");
    bool is_read = f && fgets(line, sizeof line, f);
    if (!is_read)
        weir_fail(err, WEIR_ECONFIG, "curve.secret.key.file '%s': %s", name,
                  f ? "is empty" : strerror(errno));
    if (f) fclose(f);
    if (!is_read) return WEIR_ECONFIG;
    line[strcspn(line, " \t\r\n")] = 0;
    if (!is_key(line))
        return weir_fail(err, WEIR_ECONFIG,
                         "curve.secret.key.file '%s' does not begin with a key of 40 characters", name);
    memcpy(key, line, CURVE_TEXT);
    memset(line, 0, sizeof line);
    return WEIR_OK;
}

static weir_status read_clients(curve_conf *c, const char *name, weir_error *err) {
    char line[256];
    weir_status st = WEIR_OK;
    FILE *f = fopen(name, "re");
    if (!f) return weir_fail(err, WEIR_ECONFIG, "curve.clients.file '%s': %s", name, strerror(errno));
    while (st == WEIR_OK && fgets(line, sizeof line, f)) {
        line[strcspn(line, " \t\r\n")] = 0; /* what follows a blank is a remark */
        if (!*line || *line == '#') continue;
        void *bigger = realloc(c->clients, (c->n_clients + 1) * sizeof *c->clients);
        if (bigger) c->clients = bigger;
        if (!bigger)
            st = weir_fail(err, WEIR_ENOMEM, "out of memory");
        else if (!is_key(line))
            st = weir_fail(err, WEIR_ECONFIG,
                           "curve.clients.file '%s' has a line that is no key of 40 characters", name);
        else
            zmq_z85_decode(c->clients[c->n_clients++], line);
    }
    fclose(f);
    if (st == WEIR_OK && !c->n_clients)
        st = weir_fail(err, WEIR_ECONFIG, "curve.clients.file '%s' has no key", name);
    return st;
}

static weir_status read_secret(curve_conf *c, const char *key, const char *file, weir_error *err) {
    if (key && file)
        return weir_fail(err, WEIR_ECONFIG, "curve.secret.key and curve.secret.key.file are both given");
    if (file) WIRE_TRY(read_key_file(file, c->secret_key, err));
    if (key && !is_key(key))
        return weir_fail(err, WEIR_ECONFIG, "curve.secret.key is no key of 40 characters (Z85)");
    if (key) memcpy(c->secret_key, key, CURVE_TEXT);
    if (!key && !file) /* a client that need not be known */
        return zmq_curve_keypair(c->public_key, c->secret_key)
                   ? weir_fail(err, WEIR_EUNSUPPORTED, "libzmq has no CURVE")
                   : WEIR_OK;
    return zmq_curve_public(c->public_key, c->secret_key)
               ? weir_fail(err, WEIR_ECONFIG, "the secret key is not valid")
               : WEIR_OK;
}

weir_status curve_read(curve_conf *c, const weir_setting *set, weir_error *err) {
    const char *key = set[OPT_SECRET_KEY].text, *file = set[OPT_SECRET_FILE].text,
               *server = set[OPT_SERVER_KEY].text, *clients = set[OPT_CLIENTS_FILE].text;
    c->is_on = key || file || server || clients;
    if (!c->is_on) return WEIR_OK;
    c->is_server = !server;
    if (c->is_server && !key && !file)
        return weir_fail(err, WEIR_ECONFIG, "curve.clients.file needs curve.secret.key");
    if (server && clients)
        return weir_fail(err, WEIR_ECONFIG,
                         "curve.clients.file is for the server, and curve.server.key for a client");
    if (server && !is_key(server))
        return weir_fail(err, WEIR_ECONFIG, "curve.server.key is no key of 40 characters (Z85)");
    if (server) memcpy(c->server_key, server, CURVE_TEXT);
    WIRE_TRY(read_secret(c, key, file, err));
    return clients ? read_clients(c, clients, err) : WEIR_OK;
}

void curve_free(curve_conf *c) {
    free(c->clients);
    memset(c, 0, sizeof *c);
}

weir_status curve_apply(const curve_conf *c, void *socket, weir_error *err) {
    if (!c->is_on) return WEIR_OK;
    bool is_well = zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, c->secret_key, CURVE_TEXT) == 0;
    if (c->is_server) {
        int on = 1;
        is_well = is_well && !zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &on, sizeof on) &&
                  !zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "weir", 4);
    } else {
        is_well = is_well && !zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, c->public_key, CURVE_TEXT) &&
                  !zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, c->server_key, CURVE_TEXT);
    }
    return is_well ? WEIR_OK : weir_fail(err, WEIR_EUNSUPPORTED, "CURVE: %s", zmq_strerror(zmq_errno()));
}

/* ---- The gate ----------------------------------------------------------------------------------------- */

typedef struct gate {
    const curve_conf *conf;
    void *socket;
} gate;

/* Parts of a request: version, request, domain, address, identity, mechanism, key. */
enum { PART_VERSION, PART_REQUEST, PART_KEY = 6, N_PARTS };

typedef struct part {
    uint8_t bytes[256];
    size_t len;
} part;

static int receive(void *socket, part parts[N_PARTS]) {
    int n = 0, more = 1;
    size_t size = sizeof more;
    for (; more; n++) {
        part spare, *p = n < N_PARTS ? &parts[n] : &spare;
        int len = zmq_recv(socket, p->bytes, sizeof p->bytes, 0);
        if (len < 0) return -1;
        p->len = (size_t)len < sizeof p->bytes ? (size_t)len : 0; /* what is cut off is nothing we know */
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size)) return -1;
    }
    return n;
}

static bool is_client(const curve_conf *c, const part *key) {
    for (uint32_t i = 0; key->len == 32 && i < c->n_clients; i++)
        if (memcmp(key->bytes, c->clients[i], 32) == 0) return true;
    return false;
}

static void answer(void *socket, const part *request, bool lets_in) {
    const char *const texts[] = {lets_in ? "200" : "400", lets_in ? "OK" : "not on the list", "", ""};
    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, request->bytes, request->len, ZMQ_SNDMORE);
    for (int i = 0; i < 4; i++) zmq_send(socket, texts[i], strlen(texts[i]), i < 3 ? ZMQ_SNDMORE : 0);
}

static void *run_gate(void *arg) {
    gate g = *(gate *)arg;
    part parts[N_PARTS];
    free(arg);
    for (int n; (n = receive(g.socket, parts)) > 0 || errno == EINTR;)
        if (n > 0)
            answer(g.socket, &parts[PART_REQUEST], n == N_PARTS && is_client(g.conf, &parts[PART_KEY]));
    zmq_close(g.socket); /* the context ends */
    return NULL;
}

weir_status curve_gate_start(const curve_conf *c, void *context, pthread_t *thread, weir_error *err) {
    sigset_t all, before;
    gate *g = calloc(1, sizeof *g);
    if (!g) return weir_fail(err, WEIR_ENOMEM, "out of memory");
    *g = (gate){c, zmq_socket(context, ZMQ_REP)};
    int why = !g->socket || zmq_bind(g->socket, GATE) ? EINVAL : 0;
    sigfillset(&all); /* signals are the program's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (!why) why = pthread_create(thread, NULL, run_gate, g);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!why) return WEIR_OK;
    if (g->socket) zmq_close(g->socket);
    free(g);
    return weir_fail(err, WEIR_EIO, "can't start CURVE's gate: %s", strerror(why));
}
