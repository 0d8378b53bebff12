using Coordination.ZooKeeper.Client;

namespace Coordination.ZooKeeper;

/// <summary>ACLs in the words of ZooKeeper's shell.</summary>
internal static class ZooKeeperAcls
{
    /// <summary>The ACL of the nodes that are made.</summary>
    /// <param name="options">The options, checked.</param>
    /// <returns>The ACL.</returns>
    public static IReadOnlyList<ZooKeeperAcl> Of(ZooKeeperBackendOptions options) =>
        options.Acl is { } text ? Parse(text)! : string.IsNullOrEmpty(options.UserName) ? ZooKeeperAcl.Open : ZooKeeperAcl.CreatorAll;

    /// <summary>Reads an ACL.</summary>
    /// <param name="text">See <see cref="ZooKeeperBackendOptions.Acl"/>.</param>
    /// <returns>The ACL; <see langword="null"/> when it cannot be read or has no entry.</returns>
    public static IReadOnlyList<ZooKeeperAcl>? Parse(string text)
    {
        var acl = new List<ZooKeeperAcl>();
        foreach (var entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // Ids have colons of their own: what is between the first and the last.
            var first = entry.IndexOf(':', StringComparison.Ordinal);
            var last = entry.LastIndexOf(':');
            if (first <= 0 || last == first || Permissions(entry.AsSpan(last + 1)) is not { } permissions)
            {
                return null;
            }

            acl.Add(new ZooKeeperAcl(permissions, entry[..first], entry[(first + 1)..last]));
        }

        return acl.Count == 0 ? null : acl;
    }

    private static ZooKeeperPermissions? Permissions(ReadOnlySpan<char> text)
    {
        var permissions = ZooKeeperPermissions.None;
        foreach (var c in text)
        {
            var permission = c switch
            {
                'c' => ZooKeeperPermissions.Create,
                'd' => ZooKeeperPermissions.Delete,
                'r' => ZooKeeperPermissions.Read,
                'w' => ZooKeeperPermissions.Write,
                'a' => ZooKeeperPermissions.Admin,
                _ => ZooKeeperPermissions.None,
            };
            if (permission == ZooKeeperPermissions.None)
            {
                return null;
            }

            permissions |= permission;
        }

        return permissions == ZooKeeperPermissions.None ? null : permissions;
    }
}
