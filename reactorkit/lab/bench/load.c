/* A crowd of clients in one thread, as fast as one core allows: the load of `reactorkit bench`.
 *
 *   load kind=echo port=PORT clients=100 size=64 seconds=1
 *   load kind=chat port=PORT clients=100 size=110 flight=16 framed=1 seconds=1
 *
 * kind     echo: every client has one request on its way, and the next as soon as it is answered.
 *          chat: `flight` messages are on their way; each is followed by the next one once everybody
 *          has it. framed=1: JSON lines, to all but the sender. framed=0: the article's format, one
 *          send() a message, nothing between answers, and the sender hears itself.
 * idle     so many clients more, who come first, are answered once (echo), and then keep silent.
 * rest     seconds of silence after everybody has come. warm: seconds of load that do not count.
 * pid      the server's process: its CPU time is read at both ends of the measured stretch.
 * core     stay on this core. spin=1: ask the kernel again and again instead of sleeping.
 * nice     the niceness to have (setpriority(2)).
 *
 * Prints `connected` when everybody is there, then `begin`, `end`, and one line of JSON.
 * slow_load.py does the same in Python.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/epoll.h>
#endif

enum { ANSWER = 1 << 18, BATCH = 256, DIGITS = 9, MOST_FLIGHT = 256, PATIENCE = 30 };

typedef struct {
    int fd;
    size_t got;        /* echo: bytes of the answer so far */
    int64_t sent_at;   /* echo: when the request went out */
    int digits;        /* chat: digits of a number read so far, 0 outside of one */
    uint32_t number;   /* chat: the number as far as read */
    uint32_t *latest;  /* chat: the latest message heard, for each place in flight */
} Client;

typedef struct { /* a message on its way: number % flight is its place */
    uint32_t number, sender, missing;
    int64_t sent_at;
} Message;

static struct {
    const char *host;
    int port, chat, framed, spin, core, nice;
    uint32_t clients, idle, flight;
    size_t size;
    double seconds, warm, rest;
    pid_t pid;
} want = {.host = "127.0.0.1", .framed = 1, .core = -1, .clients = 1, .flight = 1, .size = 64,
          .seconds = 1};

static Client *clients;
static int *silent; /* the descriptors of the idle ones */
static uint32_t *latest; /* what each client has heard: close together, as in a cache */
static Message messages[MOST_FLIGHT];
static uint32_t places;
static char words[1 << 17], answer[ANSWER];
static uint64_t done, broken, wrong, histogram[64 * 64];

static void fail(const char *what) {
    fprintf(stderr, "The load generator gave up: %s: %s.\n", what, strerror(errno));
    exit(1);
}

/* ------------------------------------------------------------------ clocks */

static int64_t now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* CPU nanoseconds that the server has used, -1 where one process may not ask about another. */
static int64_t server_cpu(void) {
#ifdef __linux__
    clockid_t clock;
    struct timespec used;
    if (want.pid && !clock_getcpuclockid(want.pid, &clock) && !clock_gettime(clock, &used))
        return used.tv_sec * 1000000000LL + used.tv_nsec;
#endif
    return -1;
}

/* Latencies are counted in 64 steps for each power of two: within 1.6 %. */
static void count(int64_t latency) {
    uint64_t value = latency > 0 ? (uint64_t)latency : 0;
    int shift = value < 64 ? 0 : 58 - __builtin_clzll(value);
    histogram[64 * shift + (value >> shift)]++;
    done++;
}

static double percentile(double share) {
    double left = share * (double)done;
    for (int step = 0; done && step < 64 * 64; step++)
        if ((left -= (double)histogram[step]) <= 0)
            return (double)(((uint64_t)(step % 64) << (step / 64))) * 1e-9;
    return 0;
}

/* --------------------------------------------------------------- readiness */

#ifdef __linux__
static int poller;
static struct epoll_event ready[BATCH];
static void watch(Client *client) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event)) fail("epoll_ctl");
}
static void forget(Client *client) { epoll_ctl(poller, EPOLL_CTL_DEL, client->fd, NULL); }
static int wait_for(int milliseconds) { return epoll_wait(poller, ready, BATCH, milliseconds); }
static Client *ready_client(int place) { return ready[place].data.ptr; }
#else
static struct pollfd *polled;
static Client *ready[BATCH];
static void watch(Client *client) {
    polled[client - clients] = (struct pollfd){.fd = client->fd, .events = POLLIN};
}
static void forget(Client *client) { polled[client - clients].fd = -1; }
static int wait_for(int milliseconds) {
    static uint32_t next; /* begins where the last turn ended, so that nobody is left behind */
    int found = 0, some = poll(polled, want.clients, milliseconds);
    for (uint32_t tried = 0; tried < want.clients && found < some && found < BATCH; tried++) {
        next = (next + 1) % want.clients;
        if (polled[next].revents) ready[found++] = &clients[next];
    }
    return found;
}
static Client *ready_client(int place) { return ready[place]; }
#endif

static void lost(Client *client) {
    broken++;
    forget(client);
    close(client->fd);
    client->fd = -1;
}

/* ------------------------------------------------------------------- echo */

/* Clients say different things, so that a mixed-up answer is noticed. */
static const char *words_of(const Client *client) { return words + (client - clients) % 26; }

static void ask(Client *client) {
    client->got = 0;
    client->sent_at = now();
    /* One request is on its way and at most 64 KiB long, so this never waits. */
    if (send(client->fd, words_of(client), want.size, MSG_NOSIGNAL) != (ssize_t)want.size)
        lost(client);
}

static void hear_echo(Client *client, size_t length) {
    if (client->got + length > want.size || memcmp(answer, words_of(client) + client->got, length))
        wrong++;
    client->got += length;
    if (client->got < want.size) return;
    count(now() - client->sent_at);
    ask(client);
}

/* ------------------------------------------------------------------- chat */

/* A message carries its number as <000000042>, which is the same text in either format. */
static void say(uint32_t place) {
    Message *message = &messages[place];
    /* Each place has speakers of its own: nobody has two messages on their way. */
    uint32_t turn = message->number / places, speakers = want.clients / places;
    message->sender = place + turn % speakers * places;
    message->missing = want.framed ? want.clients - 1 : want.clients;
    char line[1 << 16];
    int length = snprintf(line, sizeof line, "{\"user\": \"u%06u\", \"text\": \"<%0*u>",
                          message->sender, DIGITS, message->number);
    while (length < (int)want.size - 3) line[length++] = 'x';
    length += snprintf(line + length, sizeof line - (size_t)length, "\"}%s",
                       want.framed ? "\n" : "");
    message->sent_at = now();
    Client *sender = &clients[message->sender];
    if (sender->fd >= 0 && send(sender->fd, line, (size_t)length, MSG_NOSIGNAL) != length)
        lost(sender);
}

static void heard(Client *client, uint32_t number, int64_t at) {
    uint32_t place = number % places;
    Message *message = &messages[place];
    int own = want.framed && message->sender == (uint32_t)(client - clients);
    if (message->number != number || client->latest[place] == number + 1 || own || !message->missing) {
        wrong++;
        return;
    }
    client->latest[place] = number + 1;
    count(at - message->sent_at);
    if (--message->missing == 0) message->number += places; /* said in the next turn */
}

static void hear_chat(Client *client, size_t length) {
    int64_t at = now();
    const char *next = answer, *end = answer + length;
    while (next < end) {
        if (!client->digits) {
            if (!(next = memchr(next, '<', (size_t)(end - next)))) return;
            if (end - next > DIGITS + 1) { /* all of the number is here, as nearly always */
                uint32_t number = 0;
                for (int digit = 1; digit <= DIGITS; digit++)
                    number = number * 10 + (uint32_t)(next[digit] - '0');
                if (next[DIGITS + 1] == '>') heard(client, number, at);
                else wrong++;
                next += DIGITS + 2;
                continue;
            }
            client->digits = 1;
            client->number = 0;
        } else if (client->digits <= DIGITS && *next >= '0' && *next <= '9') {
            client->number = client->number * 10 + (uint32_t)(*next - '0');
            client->digits++;
        } else {
            if (client->digits == DIGITS + 1 && *next == '>') heard(client, client->number, at);
            else wrong++;
            client->digits = 0;
        }
        next++;
    }
}

/* The next messages go out when all that has arrived is read: none waits for its own sender. */
static void say_what_is_due(uint32_t active) {
    for (uint32_t place = 0; place < active; place++)
        if (!messages[place].missing) say(place);
}

/* ------------------------------------------------------------------- turns */

static void turn(void) {
    int found = wait_for(want.spin ? 0 : 100);
    for (int place = 0; place < found; place++) {
        Client *client = ready_client(place);
        ssize_t length = recv(client->fd, answer, sizeof answer, MSG_DONTWAIT);
        if (length > 0)
            want.chat ? hear_chat(client, (size_t)length) : hear_echo(client, (size_t)length);
        else if (length == 0 || errno != EAGAIN)
            lost(client);
    }
}

static void run_until(int64_t end, uint32_t active) {
    while (now() < end && broken < want.clients) {
        turn();
        if (want.chat) say_what_is_due(active);
    }
}

/* ---------------------------------------------------------------- come, go */

static int connect_one(uint32_t index) {
    int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), on = 1;
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef __linux__
    /* One source address has about 28,000 ports, and each rests for a minute after use (ip(7)). */
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + index / 4000)};
    setsockopt(fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from)) fail("bind");
#endif
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)want.port)};
    inet_pton(AF_INET, want.host, &to.sin_addr);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    return fd;
}

/* One request and its answer, in which we wait: the server has accepted everybody up to here. */
static void ask_once(int fd) {
    size_t got = 0;
    struct timeval patience = {.tv_sec = PATIENCE};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(fd, words, want.size, MSG_NOSIGNAL) != (ssize_t)want.size) fail("a first request");
    while (got < want.size) {
        ssize_t length = recv(fd, answer, sizeof answer, 0);
        if (length == 0) errno = ECONNRESET;
        if (length <= 0) fail("the answer to a first request");
        got += (size_t)length;
    }
}

static void come(void) {
    for (uint32_t index = 0; index < want.idle; index++) {
        silent[index] = connect_one(index);
        if (!want.chat) ask_once(silent[index]);
    }
    for (uint32_t index = 0; index < want.clients; index++) {
        Client *client = &clients[index];
        client->fd = connect_one(want.idle + index);
        if (!want.chat) ask_once(client->fd);
        client->latest = latest + index * want.flight;
        watch(client);
    }
    if (!want.chat) return;
    /* The last one to come speaks first: whoever hears it has been accepted. */
    places = 1;
    messages[0].number = want.clients - 1;
    int64_t end = now() + PATIENCE * 1000000000LL;
    say(0);
    while (messages[0].missing && now() < end) turn();
    errno = ETIMEDOUT;
    if (messages[0].missing) fail("a first message to everybody");
    places = want.flight;
    for (uint32_t place = 0; place < places; place++) messages[place] = (Message){.number = place};
    for (uint32_t index = 0; index < want.clients; index++)
        memset(clients[index].latest, 0, want.flight * sizeof *latest);
}

static void leave(int fd, int64_t until) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    while (now() < until && poll(&one, 1, (int)((until - now()) / 1000000) + 1) > 0)
        if (recv(fd, answer, sizeof answer, MSG_DONTWAIT) <= 0) break;
    close(fd);
}

/* Politely: a close with bytes unread would be a reset, which ends a naive server. */
static void go(void) {
    int64_t until = now() + 2000000000LL;
    for (uint32_t index = 0; index < want.clients; index++)
        if (clients[index].fd >= 0) shutdown(clients[index].fd, SHUT_WR);
    for (uint32_t index = 0; index < want.idle; index++) shutdown(silent[index], SHUT_WR);
    for (uint32_t index = 0; index < want.clients; index++)
        if (clients[index].fd >= 0) leave(clients[index].fd, until);
    for (uint32_t index = 0; index < want.idle; index++) leave(silent[index], until);
}

/* ------------------------------------------------------------------- main */

static void read_words(int argc, char **argv) {
    for (int place = 1; place < argc; place++) {
        char *value = strchr(argv[place], '=');
        if (!value) { fprintf(stderr, "What is %s?\n", argv[place]); exit(2); }
        *value++ = 0;
        const char *name = argv[place];
        if (!strcmp(name, "kind")) want.chat = !strcmp(value, "chat");
        else if (!strcmp(name, "host")) want.host = value;
        else if (!strcmp(name, "port")) want.port = atoi(value);
        else if (!strcmp(name, "clients")) want.clients = (uint32_t)atoi(value);
        else if (!strcmp(name, "idle")) want.idle = (uint32_t)atoi(value);
        else if (!strcmp(name, "flight")) want.flight = (uint32_t)atoi(value);
        else if (!strcmp(name, "framed")) want.framed = atoi(value);
        else if (!strcmp(name, "size")) want.size = (size_t)atoi(value);
        else if (!strcmp(name, "seconds")) want.seconds = atof(value);
        else if (!strcmp(name, "warm")) want.warm = atof(value);
        else if (!strcmp(name, "rest")) want.rest = atof(value);
        else if (!strcmp(name, "pid")) want.pid = atoi(value);
        else if (!strcmp(name, "core")) want.core = atoi(value);
        else if (!strcmp(name, "spin")) want.spin = atoi(value);
        else if (!strcmp(name, "nice")) want.nice = atoi(value);
        else { fprintf(stderr, "What is %s?\n", name); exit(2); }
    }
    if (want.flight > want.clients) want.flight = want.clients;
    if (want.flight > MOST_FLIGHT) want.flight = MOST_FLIGHT;
    if (want.size > 65000 || want.clients < 1 || (want.chat && want.clients < 2)) {
        fprintf(stderr, "Sizes up to 65000; one client or more, two or more to chat.\n");
        exit(2);
    }
}

static void prepare(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    clients = calloc(want.clients, sizeof *clients);
    silent = calloc(want.idle + 1, sizeof *silent);
    latest = calloc((size_t)want.clients * want.flight, sizeof *latest);
    for (size_t place = 0; place < sizeof words; place++) words[place] = (char)('a' + place % 26);
    if (want.nice && setpriority(PRIO_PROCESS, 0, want.nice)) fail("setpriority");
    /* On Linux niceness counts only within a session, and this is one of its own (sched(7)). */
    FILE *group = want.nice ? fopen("/proc/self/autogroup", "w") : NULL;
    if (group && (fprintf(group, "%d", want.nice) < 0 || fclose(group))) fail("autogroup");
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
#ifdef __linux__
    poller = epoll_create1(0);
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (want.core >= 0) CPU_SET((unsigned)want.core, &cores);
    if (want.core >= 0 && sched_setaffinity(0, sizeof cores, &cores)) fail("sched_setaffinity");
#else
    polled = calloc(want.clients, sizeof *polled);
#endif
}

int main(int argc, char **argv) {
    read_words(argc, argv);
    prepare();
    come();
    int64_t rested = now(), idle_cpu = server_cpu();
    puts("connected");
    poll(NULL, 0, (int)(want.rest * 1e3));
    if (idle_cpu >= 0) idle_cpu = server_cpu() - idle_cpu;
    rested = now() - rested;
    if (want.chat) say_what_is_due(places);
    else for (uint32_t index = 0; index < want.clients; index++) ask(&clients[index]);
    run_until(now() + (int64_t)(want.warm * 1e9), places);
    memset(histogram, 0, sizeof histogram);
    done = 0;
    puts("begin");
    int64_t began = now(), cpu = server_cpu();
    run_until(began + (int64_t)(want.seconds * 1e9), places);
    /* On a crowded machine answers may come late. Those on their way at `begin` tell nothing. */
    while (done <= 2 * want.clients && broken < want.clients && now() < began + PATIENCE * 1000000000LL)
        run_until(now() + 1000000, places);
    if (cpu >= 0) cpu = server_cpu() - cpu;
    double seconds = (double)(now() - began) * 1e-9;
    puts("end");
    printf("{\"seconds\": %.6f, \"done\": %llu, \"p50\": %.9f, \"p99\": %.9f, \"wrong\": %llu, "
           "\"broken\": %llu, \"cpu\": %.9f, \"idle_cpu\": %.9f, \"rested\": %.6f}\n",
           seconds, (unsigned long long)done, percentile(0.5), percentile(0.99),
           (unsigned long long)wrong, (unsigned long long)broken, (double)cpu * 1e-9,
           (double)idle_cpu * 1e-9, (double)rested * 1e-9);
    go();
    return 0;
}
