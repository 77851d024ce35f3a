/* curl.c: the library's own bare loop: sends the same body so many times, over so many connections that are
 * kept. Usage: curl URL COUNT CONNECTIONS FILE */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

static long left;

static size_t drop(char *bytes, size_t size, size_t n, void *ctx) {
    (void)bytes, (void)ctx;
    return size * n;
}

static CURL *make(const char *url, const char *body, size_t len, struct curl_slist *headers) {
    CURL *h = curl_easy_init();
    if (!h) exit(1);
    curl_easy_setopt(h, CURLOPT_URL, url);
    curl_easy_setopt(h, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    return h;
}

/* Each that is done begins anew, until enough have begun. */
static int send_all(CURLM *multi, long n_running) {
    while (n_running) {
        int running, rest;
        curl_multi_perform(multi, &running);
        for (CURLMsg *m; (m = curl_multi_info_read(multi, &rest));) {
            CURL *h = m->easy_handle;
            long status = 0;
            if (m->data.result != CURLE_OK) return 1;
            curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
            if (status != 200) return 1;
            curl_multi_remove_handle(multi, h);
            if (left > 0) {
                left--;
                curl_multi_add_handle(multi, h);
            } else {
                curl_easy_cleanup(h);
                n_running--;
            }
        }
        if (n_running) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    return 0;
}

int main(int argc, char **argv) {
    static char body[1 << 20];
    if (argc != 5) return 2;
    FILE *f = fopen(argv[4], "rb");
    if (!f) return 1;
    size_t len = fread(body, 1, sizeof body, f);
    fclose(f);
    left = atol(argv[2]);
    long connections = atol(argv[3]), n = left < connections ? left : connections;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections + 4);
    for (long i = 0; i < n; i++, left--) curl_multi_add_handle(multi, make(argv[1], body, len, headers));
    int status = send_all(multi, n);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    return status;
}
