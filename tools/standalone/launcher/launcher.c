/* The entrypoint as one static executable: becomes the application at once where no server is asked for, else starts
 * the CPython inside it with our frozen code. Nothing of the container's own Python is used, and nothing is unpacked.
 *
 * The first part is a shortcut only. Whatever is not plain (an option, a value that is neither true nor false, a command
 * that cannot be started) is left to our code, so that there is one place that decides and words it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <unistd.h>

extern const struct _frozen frozen_modules[];
extern char **environ;

#define NOWHERE "/nonexistent"
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define DEFAULT_PORT "PORT=5000"
#define TOKEN "WAYPOINT_CEB_INVITE_TOKEN="

static char self[PATH_MAX];

/* The shortcut */

enum answer { NO, YES, UNCLEAR };

static int is_blank(const char *value)
{
    while (value && isspace((unsigned char)*value))
        value++;
    return !value || !*value;
}

static enum answer flag(const char *name)
{
    static const char *const yes[] = {"1", "t", "true", "y", "yes", "on", NULL};
    static const char *const no[] = {"0", "f", "false", "n", "no", "off", NULL};
    const char *value = getenv(name);
    if (is_blank(value))
        return NO;
    for (int i = 0; yes[i]; i++)
        if (!strcasecmp(value, yes[i]))
            return YES;
    for (int i = 0; no[i]; i++)
        if (!strcasecmp(value, no[i]))
            return NO;
    return UNCLEAR;
}

static int is_switched_off(void)
{
    enum answer disable = flag("WAYPOINT_CEB_DISABLE"), without_server = flag("WAYPOINT_SERVER_DISABLE");
    if (disable == UNCLEAR || without_server == UNCLEAR || !is_blank(getenv("WAYPOINT_EXEC_PLUGIN_SSH")))
        return 0;
    return disable == YES || without_server == YES || is_blank(getenv("WAYPOINT_SERVER_ADDR"));
}

/* Our environment without the token, and with a PORT. */
static char **for_application(void)
{
    size_t count = 0, kept = 0;
    while (environ[count])
        count++;
    char **result = malloc((count + 2) * sizeof *result);
    if (!result)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], TOKEN, sizeof TOKEN - 1) != 0)
            result[kept++] = environ[i];
    if (!getenv("PORT"))
        result[kept++] = DEFAULT_PORT;
    result[kept] = NULL;
    return result;
}

static void become(char **argv)
{
    char **environment = for_application(), candidate[PATH_MAX];
    if (!environment)
        return;
    if (strchr(argv[0], '/')) {
        execve(argv[0], argv, environment);
    } else if (*argv[0]) {
        const char *folder = getenv("PATH") ? getenv("PATH") : DEFAULT_PATH;
        for (;;) {
            size_t length = strcspn(folder, ":");
            int written = snprintf(candidate, sizeof candidate, "%.*s/%s", length ? (int)length : 1,
                                   length ? folder : ".", argv[0]);
            if (written > 0 && (size_t)written < sizeof candidate)
                execve(candidate, argv, environment);
            if (!folder[length])
                break;
            folder += length + 1;
        }
    }
    free(environment);
}

static void take_shortcut(int argc, char **argv)
{
    int first = argc > 1 && !strcmp(argv[1], "--") ? 2 : 1;
    if (first < argc && (first == 2 || argv[1][0] != '-') && is_switched_off())
        become(argv + first);
}

/* What our code asks of the launcher, because ctypes is not here */

static PyObject *set_attribute(PyObject *module, PyObject *arguments)
{
    int option;
    unsigned long value;
    if (!PyArg_ParseTuple(arguments, "ik", &option, &value))
        return NULL;
    return PyBool_FromLong(prctl(option, value, 0, 0, 0) == 0);
}

static PyMethodDef functions[] = {
    {"prctl", set_attribute, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef launcher = {
    PyModuleDef_HEAD_INIT, .m_name = "_waypoint_launcher", .m_size = 0, .m_methods = functions};

static PyObject *init_launcher(void)
{
    return PyModule_Create(&launcher);
}

/* The interpreter */

static void find_self(const char *given)
{
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0 && access(self, F_OK) == 0)
        return;
    memset(self, 0, sizeof self);
    const char *path = (const char *)getauxval(AT_EXECFN); /* where /proc is not mounted: what the kernel ran */
    if (!path || !*path)
        path = given ? given : "";
    if (path[0] != '/' && getcwd(self, sizeof self - 2))
        strcat(self, "/");
    strncat(self, path, sizeof self - 1 - strlen(self));
}

static void must(PyStatus status)
{
    if (PyStatus_Exception(status))
        Py_ExitStatusException(status);
}

static void set(PyConfig *config, wchar_t **field, const char *value)
{
    must(PyConfig_SetBytesString(config, field, value));
}

static void start_python(int argc, char **argv)
{
    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before); /* no PYTHON* variable counts */
    before.utf8_mode = 1;                    /* whatever locale an image has, or not */
    before.configure_locale = 0;
    must(Py_PreInitialize(&before));

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.parse_argv = 0;
    config.optimization_level = 2;
    config.install_signal_handlers = 1;
    config.use_frozen_modules = 1;
    config.module_search_paths_set = 1; /* to nothing: what is not frozen does not exist */
    set(&config, &config.program_name, self);
    set(&config, &config.executable, self);
    set(&config, &config.base_executable, self);
    wchar_t **const folders[] = {&config.home,        &config.prefix,           &config.exec_prefix,
                                 &config.base_prefix, &config.base_exec_prefix, &config.stdlib_dir};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        set(&config, folders[i], NOWHERE);
    set(&config, &config.platlibdir, "lib");
    set(&config, &config.filesystem_encoding, "utf-8");
    set(&config, &config.filesystem_errors, "surrogateescape");
    set(&config, &config.stdio_encoding, "utf-8");
    set(&config, &config.stdio_errors, "surrogateescape");
    must(PyConfig_SetBytesArgv(&config, argc, argv));
    PyImport_FrozenModules = frozen_modules;
    if (PyImport_AppendInittab("_waypoint_launcher", init_launcher) < 0)
        must(PyStatus_NoMemory());
    must(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
}

int main(int argc, char **argv)
{
    static char *nothing[] = {self, NULL};
    take_shortcut(argc, argv);
    find_self(argv[0]);
    if (argc < 1) { /* the kernel lets argv be empty */
        argc = 1;
        argv = nothing;
    }
    argv[0] = self;
    start_python(argc, argv);
    PyGC_Disable(); /* what is made before the application runs is no garbage; our code turns it on again */
    PySys_SetObject("frozen", Py_True);
    PyObject *module = PyImport_ImportModule("wp_entrypoint.__main__");
    PyObject *result = module ? PyObject_CallMethod(module, "main", NULL) : NULL;
    if (!result)
        PyErr_Print(); /* ends the process with the status of a SystemExit */
    return Py_FinalizeEx() < 0 || !result;
}
