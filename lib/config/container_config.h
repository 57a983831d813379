/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container.json as the rest of the program sees it: checked, templates
 * expanded, defaults filled in.  Only nsinit reads JSON.
 */
#ifndef NSC_CONFIG_CONTAINER_CONFIG_H
#define NSC_CONFIG_CONTAINER_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/address.h"
#include "util/error.h"
#include "policy/dropins.h"
#include "policy/lifecycle.h"
#include "policy/recording.h"
#include "policy/user.h"
#include "cgroup/cgroup_request.h"
#include "config/destination.h"
#include "linux/confine.h"
#include "linux/device.h"
#include "linux/idmap.h"

enum nsc_overlay { NSC_OVERLAY_NONE, NSC_OVERLAY_TMPFS,
		   NSC_OVERLAY_PERSISTENT };
enum nsc_home { NSC_HOME_BIND, NSC_HOME_PRIVATE, NSC_HOME_NONE };

/* Bits of 'accept': what is refused without it. */
enum nsc_accept { NSC_ACCEPT_EXPOSED_FILES = 1, NSC_ACCEPT_FOREIGN_IDS = 2 };

enum nsc_mount_type { NSC_MOUNT_BIND, NSC_MOUNT_TMPFS, NSC_MOUNT_PROC,
		      NSC_MOUNT_SYSFS, NSC_MOUNT_MQUEUE, NSC_MOUNT_CGROUP,
		      NSC_MOUNT_OVERLAY, NSC_MOUNT_DEVPTS };
/* Their names in the file; one more, and NULL, follow. */
extern const char *const nsc_mount_types[];

#define NSC_SECCOMP_DEFAULT "default"
#define NSC_SECCOMP_UNCONFINED "unconfined"

/* An element of mounts[], in the order of the file. */
struct nsc_config_mount {
	enum nsc_mount_type type;
	char *source;		/* host path; of an overlay: paths, ':' */
	char *destination;	/* container path */
	bool writable;
	bool masked;		/* of proc and sysfs: parts are covered */
	bool slave;		/* later mounts of the host appear in it */
	bool idmap;		/* of bind and overlay: ids as on the host */
	uint64_t attributes;	/* MOUNT_ATTR_* and NSC_MOUNT_ATIME */
	char *size;		/* of a tmpfs, NULL: a tenth of the memory */
	mode_t mode;		/* of a tmpfs */
};

/* How much a clock of the container is ahead of the host's. */
struct nsc_config_offset {
	int64_t secs;
	uint32_t nanosecs;
};

static inline bool nsc_offset_set(const struct nsc_config_offset *offset)
{
	return offset->secs || offset->nanosecs;
}

/* When a hook runs, in the order of the keys; see hooks.h. */
enum nsc_hook_when {
	NSC_HOOK_START, NSC_HOOK_CREATE_CONTAINER, NSC_HOOK_START_CONTAINER,
	NSC_HOOK_POSTSTART, NSC_HOOK_STOP, NSC_HOOKS,
};
extern const char *const nsc_hook_names[NSC_HOOKS];

/* A command that runs on the host, or, for start_container, inside. */
struct nsc_config_hook {
	enum nsc_hook_when when;
	char *path;
	char **args;		/* arguments after the path, NULL: none */
	char **env;		/* besides ours, or NULL */
	uint32_t timeout;	/* seconds */
	unsigned int on_failure;	/* 0: refuse the start, 1: ignore */
};

enum nsc_network_type {
	NSC_NETWORK_LOOPBACK, NSC_NETWORK_VETH, NSC_NETWORK_NETNS,
	NSC_NETWORK_HOST, NSC_NETWORK_MACVLAN, NSC_NETWORK_IPVLAN,
	NSC_NETWORK_PASTA,
};

#define NSC_NETWORKS_MAX 16
#define NSC_PORTS_MAX 32

/* Ports of the host in a row, which lead to as many of the container. */
struct nsc_port {
	struct nsc_address address;	/* of the host; family 0: each one */
	bool udp;
	unsigned int host, inside;	/* the first ones */
	unsigned int count;
};

/* Bytes a second, and bytes at once: docs/design/0098. */
struct nsc_rate {
	uint64_t up, down;	/* 0: as much as there is */
	uint64_t burst;		/* 0: the default */
};

/* An address from the host's pool, or the bridge that we make. */
#define NSC_NETWORK_AUTO "auto"

/* An entry of networks[]; fields that its type does not have are 0 or NULL. */
struct nsc_config_network {
	unsigned int type;	/* enum nsc_network_type */
	uint32_t mtu;		/* 0: unchanged */
	char **address;		/* "10.0.0.2/24", "auto"; NULL: none */
	char **gateway;		/* "10.0.0.1" */
	char **dns;		/* "10.0.0.1"; NULL: the host's */
	struct nsc_port *ports;		/* of pasta and veth */
	size_t n_ports;
	struct nsc_destinations allow;	/* what may be reached */
	struct nsc_destinations deny;
	bool enforce;		/* false: the lists are only recorded */
	bool log;		/* what is refused, in the session log */
	struct nsc_rate rate;
	char *bridge;		/* "br0", "auto" */
	char *prefix;
	char *nspath;
	char *parent;
	char *mode;
};

/* An entry of devices[], by the Container Device Interface. */
struct nsc_config_cdi {
	char *name;			/* "vendor.com/class=name" */
	bool exclusive;
	char *numbers;		/* " c:1:7", by nsc_cdi_apply() */
};

#define NSC_ROUTES_MAX 64

struct nsc_config_route {
	struct nsc_address destination;	/* a network */
	struct nsc_address gateway;	/* family 0: none */
	struct nsc_address source;	/* the same */
	char *interface;		/* "eth0" */
};

struct nsc_config {
	char *file;			/* the file's path, for messages */
	uint64_t content;		/* hash of the files, see dropins.h */
	uint64_t rest;			/* of their keys, see rest.h */
	char *rootfs;			/* absolute, "/": the host's own;
					 * NULL with pidfile */
	char *pidfile;			/* NULL, or another engine's; then the
					 * conflicting keys are unset */
	struct nsc_config_hook engine_start;	/* path NULL: none */
	struct nsc_config_hook engine_stop;
	const char *own_key;		/* see nsc_external_conflict() */
	char *rootfs_verity;		/* hash of an image, or NULL */
	enum nsc_overlay overlay;
	uint64_t overlay_size;		/* bytes; 0: no limit */
	bool readonly_fs;
	char *hostname;			/* NULL: the host's */
	char *user;			/* NULL: the user of the login */
	struct nsc_process process;	/* its processes */
	uint32_t max_terminals;		/* in the container; 0: no limit */
	unsigned int namespaces;	/* CLONE_NEW* */
	struct nsc_config_offset time_offsets[2]; /* monotonic, boottime */
	char *restrictions;		/* NULL: absent; always in force */
	char *mount_label;
	char **sysctl;			/* "net/ipv4/ip_forward=1", or NULL */
	char **init;			/* command line, NULL: builtin */
	struct nsc_config_hook *hooks;
	size_t n_hooks;
	bool no_pivot_root;
	char **masked_paths;		/* besides the defaults, or NULL */
	char **root_paths;		/* NULL: the defaults */
	char **readonly_paths;
	struct nsc_config_network *networks;
	size_t n_networks;
	struct nsc_config_route *routes;
	size_t n_routes;
	struct nsc_config_mount *mounts;
	size_t n_mounts;
	bool default_devices;		/* device_nodes was absent */
	struct nsc_device_node *devices;
	size_t n_devices;
	struct nsc_config_cdi *cdi;	/* nsc_cdi_apply() makes their edits */
	size_t n_cdi;
	size_t n_own_mounts;		/* before those of cdi */
	uint64_t cdi_nodes;		/* hash of the nodes of cdi, 0: none */
	uint64_t cdi_rest;		/* of their other edits */
	gid_t *gids;			/* of cdi, inside */
	char **gid_names;		/* as many, NULL-terminated */
	size_t n_gids;
	bool automatic_mappings;	/* uid_ and gid_mappings were absent */
	struct nsc_id_mapping *uid_mappings;
	size_t n_uid_mappings;
	struct nsc_id_mapping *gid_mappings;
	size_t n_gid_mappings;
	struct nsc_config_cgroups cgroups;
	enum nsc_home home;
	uint64_t home_size;		/* of a private home; 0: no limit */
	bool home_required;		/* no login without the host's home */
	char *shell;			/* session.shell, NULL: from passwd */
	char **keep_env;		/* patterns: "TERM", "LC_*" */
	char **bring;			/* session.bring: variables */
	bool login_shell;		/* session.login */
	char *message;			/* session.message, NULL: none */
	struct nsc_recording recording;	/* session.record... */
	char *record_message;		/* NULL: the default */
	unsigned int on_change;		/* enum nsc_on_change of conf.h */
	struct nsc_lifecycle lifecycle;	/* its overrides */
	char *seccomp;			/* NSC_SECCOMP_*, or a profile's path */
	unsigned int accept;		/* enum nsc_accept */
};

/*
 * Parse text, the content of file, for user (templates %u %U %g %G %h %%).  A
 * relative rootfs starts from dir.
 * Returns 0 or a negative errno; then *ret is untouched and err has the file,
 * the JSON path, the expected value and the place: "FILE: networks[1].mtu:
 * expected ..., got ... (line 3, column 5)".  Free *ret with nsc_config_free().
 */
int nsc_config_parse(const char *text, const char *file, const char *dir,
		     const struct nsc_user *user, struct nsc_config **ret,
		     struct nsc_error *err);

/*
 * The same for container.json at file and its drop-ins, which are merged: see
 * merge.h.
 */
int nsc_config_parse_files(const struct nsc_config_files *files,
			   const char *file, const char *dir,
			   const struct nsc_user *user,
			   struct nsc_config **ret, struct nsc_error *err);

/*
 * The device nodes from i = 0, then NULL: the default ones, if they are wanted,
 * without those that another node takes the place of, and the others.
 */
const struct nsc_device_node *nsc_config_device(const struct nsc_config *config,
						size_t i);

void nsc_config_free(struct nsc_config *config);
static inline void nsc_config_cleanup(struct nsc_config **config)
{
	nsc_config_free(*config);
	*config = NULL;
}
#define _cleanup_config_ __attribute__((cleanup(nsc_config_cleanup)))

/*
 * All keys of the format, for tests and documentation, in a new NULL-terminated
 * vector; keys of inner objects have the outer keys in front ("networks.mtu").
 * NULL without memory.
 */
char **nsc_config_keys(void);

#endif
