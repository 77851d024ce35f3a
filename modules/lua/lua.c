/* lua.c: functions in Lua 5.4. The text of a function is its body; `data` is a table of the arguments, whose
 * first is data[0], as in the other languages. It has the libraries string, table, math and utf8, and of the
 * basic functions those that reach nothing outside. */
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

#include "../script/sandbox.h"
#include "weir_module.h"

#define HOOK_STEPS 10000

typedef struct interpreter {
    script_function f;
    lua_State *lua;
} interpreter;

static void *lua_memory(void *box, void *block, size_t old_size, size_t new_size) {
    (void)old_size;
    if (new_size) return sandbox_realloc(box, block, new_size);
    sandbox_free(box, block);
    return NULL;
}

/* Every so many steps: ends a call that has had its time. */
static void on_steps(lua_State *lua, lua_Debug *debug) {
    (void)debug;
    interpreter *in = *(interpreter **)lua_getextraspace(lua);
    if (in->f.box.late) luaL_error(lua, "it takes too long and was ended");
}

/* ---- Values in ---------------------------------------------------------------------------------------- */

static void push_value(lua_State *lua, const weir_value *v);

static void push_list(lua_State *lua, const weir_object *list) {
    lua_newtable(lua);
    for (uint32_t i = 0; i < weir_object_list_size(list); i++) {
        weir_value member = weir_object_list_at(list, i);
        push_value(lua, &member);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
}

static void push_map(lua_State *lua, const weir_object *map) {
    uint32_t cursor = 0;
    weir_value key, value;
    lua_newtable(lua);
    while (weir_object_map_next(map, &cursor, &key, &value)) {
        bool is_nan = key.type == WEIR_DOUBLE && key.as.d != key.as.d;
        if (key.is_null || is_nan) continue; /* no keys in Lua */
        push_value(lua, &key);
        push_value(lua, &value);
        lua_rawset(lua, -3);
    }
}

static void push_object(lua_State *lua, const weir_object *o) {
    luaL_checkstack(lua, 6, "nested too deep");
    switch (weir_object_get_kind(o)) {
    case WEIR_OBJECT_LIST: push_list(lua, o); break;
    case WEIR_OBJECT_MAP: push_map(lua, o); break;
    default: lua_pushnil(lua);
    }
}

static void push_value(lua_State *lua, const weir_value *v) {
    if (v->is_null) {
        lua_pushnil(lua);
        return;
    }
    switch (v->type) {
    case WEIR_INT: lua_pushinteger(lua, v->as.i); break;
    case WEIR_LONG: lua_pushinteger(lua, v->as.l); break;
    case WEIR_FLOAT: lua_pushnumber(lua, (double)v->as.f); break;
    case WEIR_DOUBLE: lua_pushnumber(lua, v->as.d); break;
    case WEIR_BOOL: lua_pushboolean(lua, v->as.b); break;
    case WEIR_STRING: lua_pushlstring(lua, weir_string_data(&v->as.s), v->as.s.len); break;
    default: push_object(lua, v->as.o);
    }
}

/* ---- Values out: nothing here may raise an error, which would leave an object behind --------------------
 */

static bool take_value(lua_State *lua, int at, uint32_t depth, weir_value *out);

static bool take_list(lua_State *lua, int at, lua_Unsigned n, uint32_t depth, weir_value *out) {
    weir_object *list = weir_object_new_list();
    bool done = list != NULL;
    *out = (weir_value){.type = WEIR_OBJECT, .as.o = list, .is_null = !list};
    for (lua_Unsigned i = 1; done && i <= n; i++) {
        weir_value v;
        lua_rawgeti(lua, at, (lua_Integer)i);
        done = take_value(lua, lua_gettop(lua), depth, &v);
        if (done) done = weir_object_list_add(list, &v) == WEIR_OK;
        if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
        lua_pop(lua, 1);
    }
    return done;
}

static bool take_map(lua_State *lua, int at, uint32_t depth, weir_value *out) {
    weir_object *map = weir_object_new_map(WEIR_MAP_HASHED);
    bool done = map != NULL;
    *out = (weir_value){.type = WEIR_OBJECT, .as.o = map, .is_null = !map};
    lua_pushnil(lua);
    while (done && lua_next(lua, at)) {
        weir_value key, v;
        int top = lua_gettop(lua);
        done = take_value(lua, top - 1, depth, &key) && key.type != WEIR_OBJECT;
        if (key.type == WEIR_OBJECT && !key.is_null) weir_object_unref(key.as.o);
        if (!done) break;
        done = take_value(lua, top, depth, &v);
        if (done) done = weir_object_map_put(map, &key, &v) == WEIR_OK;
        if (v.type == WEIR_OBJECT && !v.is_null) weir_object_unref(v.as.o);
        lua_pop(lua, 1);
    }
    return done;
}

static bool take_table(lua_State *lua, int at, uint32_t depth, weir_value *out) {
    lua_Unsigned n = lua_rawlen(lua, at);
    return n ? take_list(lua, at, n, depth, out) : take_map(lua, at, depth, out);
}

static bool take_value(lua_State *lua, int at, uint32_t depth, weir_value *out) {
    interpreter *in = *(interpreter **)lua_getextraspace(lua);
    *out = (weir_value){.is_null = true};
    if (depth > 60 || !lua_checkstack(lua, 8) || sandbox_is_late(&in->f.box)) return false;
    size_t n;
    const char *text;
    switch (lua_type(lua, at)) {
    case LUA_TBOOLEAN:
        *out = (weir_value){.type = WEIR_BOOL, .as.b = lua_toboolean(lua, at) != 0};
        return true;
    case LUA_TNUMBER:
        if (lua_isinteger(lua, at))
            *out = (weir_value){.type = WEIR_LONG, .as.l = lua_tointeger(lua, at)};
        else
            *out = (weir_value){.type = WEIR_DOUBLE, .as.d = lua_tonumber(lua, at)};
        return true;
    case LUA_TSTRING:
        text = lua_tolstring(lua, at, &n);
        *out = (weir_value){.type = WEIR_STRING, .as.s = weir_string_view(text, (uint32_t)n)};
        return true;
    case LUA_TTABLE: return take_table(lua, at, depth + 1, out);
    default: return true; /* nil, and what is no data */
    }
}

/* ---- Calls -------------------------------------------------------------------------------------------- */

/* Under pcall: pushes the function's result. */
static int call_function(lua_State *lua) {
    interpreter *in = *(interpreter **)lua_getextraspace(lua);
    lua_getfield(lua, LUA_REGISTRYINDEX, "weir.f");
    lua_newtable(lua);
    for (uint32_t i = SCRIPT_DATA; i < in->f.call->n_args; i++) {
        weir_value v = script_value(&in->f.call->args[i], in->f.row);
        push_value(lua, &v);
        lua_rawseti(lua, -2, (lua_Integer)(i - SCRIPT_DATA));
    }
    lua_call(lua, 1, 1);
    if (in->f.call->out->type == WEIR_STRING && lua_type(lua, -1) != LUA_TNIL) luaL_tolstring(lua, -1, NULL);
    return 1;
}

static void run_row(void *ctx) {
    interpreter *in = ctx;
    lua_settop(in->lua, 0);
    lua_getfield(in->lua, LUA_REGISTRYINDEX, "weir.call");
    if (lua_pcall(in->lua, 0, 1, 0))
        script_note_error(&in->f, lua_tostring(in->lua, -1));
    else if (!take_value(in->lua, lua_gettop(in->lua), 0, &in->f.result))
        script_note_error(&in->f, in->f.box.late ? "it takes too long and was ended"
                                                 : "its result is nested too deep or too large");
}

/* ---- Making ------------------------------------------------------------------------------------------- */

/* Under pcall. */
static int prepare(lua_State *lua) {
    static const luaL_Reg libraries[] = {{LUA_GNAME, luaopen_base},
                                         {LUA_STRLIBNAME, luaopen_string},
                                         {LUA_TABLIBNAME, luaopen_table},
                                         {LUA_MATHLIBNAME, luaopen_math},
                                         {LUA_UTF8LIBNAME, luaopen_utf8}};
    static const char *const hidden[] = {"dofile", "loadfile",       "load",   "print",
                                         "warn",   "collectgarbage", "require"};
    interpreter *in = *(interpreter **)lua_getextraspace(lua);
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
        lua_pop(lua, 1);
    }
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        lua_pushnil(lua);
        lua_setglobal(lua, hidden[i]);
    }
    luaL_Buffer text;
    luaL_buffinit(lua, &text);
    luaL_addstring(&text, "local data = ...; ");
    luaL_addlstring(&text, in->f.body, in->f.body_len);
    luaL_pushresult(&text);
    size_t n;
    const char *source = lua_tolstring(lua, -1, &n);
    char chunk[80];
    snprintf(chunk, sizeof chunk, "=%s", in->f.name);
    if (luaL_loadbufferx(lua, source, n, chunk, "t")) lua_error(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, "weir.f");
    lua_pushcfunction(lua, call_function);
    lua_setfield(lua, LUA_REGISTRYINDEX, "weir.call");
    return 0;
}

static void start(void *ctx) {
    interpreter *in = ctx;
    in->lua = lua_newstate(lua_memory, &in->f.box);
    if (!in->lua) {
        script_note_error(&in->f, "no memory for its interpreter");
        return;
    }
    *(interpreter **)lua_getextraspace(in->lua) = in;
    lua_pushcfunction(in->lua, prepare);
    if (lua_pcall(in->lua, 0, 0, 0)) script_note_error(&in->f, lua_tostring(in->lua, -1));
    lua_sethook(in->lua, on_steps, LUA_MASKCOUNT, HOOK_STEPS);
}

static const script_language language = {"Lua", sizeof(interpreter), start, run_row};

static weir_status check_lua(const weir_arg *args, uint32_t n_args, weir_type *result, weir_error *err) {
    return script_check(&language, args, n_args, result, err);
}

static weir_status open_lua(void *self, const weir_arg *args, uint32_t n_args, weir_error *err) {
    (void)n_args;
    return script_open(self, &language, args, err);
}

static void close_lua(void *self) { script_close(self); }

static weir_status eval_lua(void *self, const weir_call *call, weir_error *err) {
    return script_eval(self, call, err);
}

static const weir_param_doc params[] = {{"lua(<string> body, <string> type, <string> name, <any> ...)",
                                         "What a function that an app defines in Lua becomes: `define "
                                         "function f[Lua] return int { return data[0] + 1 "
                                         "};` and `f(a)`."},
                                        {NULL, NULL}};

static const weir_function_type lua_function = {
    .struct_size = sizeof(weir_function_type),
    .ns = "script",
    .name = "lua",
    .doc = "Runs a function in Lua 5.4; `data` is the table of its arguments, from data[0] on.",
    .example = "script:lua('return data[0] + 1', 'int', 'f', 2) -> 3",
    .params = params,
    .check = check_lua,
    .state_size = sizeof(interpreter),
    .open = open_lua,
    .close = close_lua,
    .eval = eval_lua,
    .not_pure = true,
    .can_fail = true,
};

static weir_status start_module(weir_engine *engine, weir_error *err) {
    return weir_register_function(engine, &lua_function, err);
}

WEIR_MODULE("lua", start_module)
