namespace Coordination.ZooKeeper.Client;

/// <summary>What may be done with a node.</summary>
[Flags]
public enum ZooKeeperPermissions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Read its data and list its children.</summary>
    Read = 1,

    /// <summary>Change its data.</summary>
    Write = 2,

    /// <summary>Create children.</summary>
    Create = 4,

    /// <summary>Delete children.</summary>
    Delete = 8,

    /// <summary>Change the ACL.</summary>
    Admin = 16,

    /// <summary>All of it.</summary>
    All = Read | Write | Create | Delete | Admin,
}

/// <summary>One entry of a node's ACL: who may do what.</summary>
/// <param name="Permissions">What.</param>
/// <param name="Scheme">How the client is known: <c>world</c>, <c>auth</c>, <c>digest</c>, <c>ip</c>, <c>x509</c>.</param>
/// <param name="Id">Who, in the terms of the scheme.</param>
public readonly record struct ZooKeeperAcl(ZooKeeperPermissions Permissions, string Scheme, string Id)
{
    /// <summary>Anybody may do anything.</summary>
    public static IReadOnlyList<ZooKeeperAcl> Open { get; } = [new(ZooKeeperPermissions.All, "world", "anyone")];

    /// <summary>Who has this client's credentials may do anything, and nobody else. Needs <see cref="ZooKeeperClientOptions.Credentials"/> or a client certificate.</summary>
    public static IReadOnlyList<ZooKeeperAcl> CreatorAll { get; } = [new(ZooKeeperPermissions.All, "auth", "")];

    internal static void Write(JuteWriter writer, IReadOnlyList<ZooKeeperAcl> acl)
    {
        writer.WriteInt32(acl.Count);
        foreach (var entry in acl)
        {
            writer.WriteInt32((int)entry.Permissions);
            writer.WriteString(entry.Scheme);
            writer.WriteString(entry.Id);
        }
    }

    internal static IReadOnlyList<ZooKeeperAcl> ReadList(ref JuteReader reader)
    {
        var acl = new ZooKeeperAcl[reader.ReadCount(3 * sizeof(int))];
        for (var i = 0; i < acl.Length; i++)
        {
            acl[i] = new ZooKeeperAcl((ZooKeeperPermissions)reader.ReadInt32(), reader.ReadString(), reader.ReadString());
        }

        return acl;
    }
}
