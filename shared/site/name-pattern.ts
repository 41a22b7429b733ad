/** Names of sites and edges: DNS labels, since `<site>.localhost` is a host. */
export const NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
