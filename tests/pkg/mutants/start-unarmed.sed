# pkg/core/body.c: start does not wait for guard
s/if (!p->armed || p->arming || p->script != SCRIPT_NONE)/if (p->script != SCRIPT_NONE)/
