/* number_tables.h: what reading and writing numbers share. */
#ifndef WR_IO_NUMBER_TABLES_H
#define WR_IO_NUMBER_TABLES_H

#include <stdint.h>

__extension__ typedef unsigned __int128 wr_uint128;

#define WR_MAX_POWER_OF_TEN 19 /* 10^19 < 2^64 */

static const uint64_t wr_powers_of_ten[WR_MAX_POWER_OF_TEN + 1] = {
    1ull,
    10ull,
    100ull,
    1000ull,
    10000ull,
    100000ull,
    1000000ull,
    10000000ull,
    100000000ull,
    1000000000ull,
    10000000000ull,
    100000000000ull,
    1000000000000ull,
    10000000000000ull,
    100000000000000ull,
    1000000000000000ull,
    10000000000000000ull,
    100000000000000000ull,
    1000000000000000000ull,
    10000000000000000000ull,
};

#endif
