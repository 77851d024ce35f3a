/* variables.h: what ${NAME} in an app's text stands for. */
#ifndef WR_API_VARIABLES_H
#define WR_API_VARIABLES_H

#include "api/internal.h"

/* The value that the app's options have; else the environment's; else what is in the file that the
 * environment names as NAME_FILE, without line ends behind it, as secrets are mounted into containers. NULL:
 * there is none, or the file can't be read or has more than 64 kB. *kept (NULL at first) is what the text of
 * a file lives in until the next call: the caller frees it by wr_free. */
const char *wr_variable_value(const weir_app_options *options, const char *name, char **kept);

#endif
