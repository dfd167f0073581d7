/** Structs that are only ever parts of others: a pointer to one says nothing of what it stands in. */
export const links: ReadonlySet<string> = new Set(['list_head', 'hlist_node', 'hlist_bl_node', 'hlist_nulls_node', 'rb_node', 'llist_node', 'callback_head', 'plist_node', 'klist_node', 'kobject', 'kref', 'xarray', 'fwnode_handle'])
