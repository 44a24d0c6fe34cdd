// libyaml's event parser, which TulleConfig reads every YAML file with.
#include <yaml.h>
