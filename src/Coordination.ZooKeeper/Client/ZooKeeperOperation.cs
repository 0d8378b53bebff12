namespace Coordination.ZooKeeper.Client;

/// <summary>One operation of a multi (<see cref="ZooKeeperClient.MultiAsync"/>): all of them are done, or none.</summary>
public sealed class ZooKeeperOperation
{
    private readonly ReadOnlyMemory<byte> _data;
    private readonly int _version;
    private readonly ZooKeeperCreateMode _mode;
    private readonly TimeSpan? _timeToLive;
    private readonly IReadOnlyList<ZooKeeperAcl>? _acl;

    private ZooKeeperOperation(
        ZooKeeperOpCode type,
        string path,
        ReadOnlyMemory<byte> data = default,
        int version = -1,
        ZooKeeperCreateMode mode = default,
        TimeSpan? timeToLive = null,
        IReadOnlyList<ZooKeeperAcl>? acl = null)
    {
        Type = type;
        Path = path;
        _data = data;
        _version = version;
        _mode = mode;
        _timeToLive = timeToLive;
        _acl = acl;
    }

    /// <summary>The node.</summary>
    public string Path { get; }

    internal ZooKeeperOpCode Type { get; }

    /// <summary>Makes a node.</summary>
    /// <param name="path">Its path; of a sequential one, what its number is put behind.</param>
    /// <param name="data">Its data.</param>
    /// <param name="mode">How it ends.</param>
    /// <param name="acl">Its ACL; <see langword="null"/> for <see cref="ZooKeeperClientOptions.Acl"/>.</param>
    /// <param name="timeToLive">For the two modes with a TTL.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="ArgumentException">The path is not allowed, or mode and <paramref name="timeToLive"/> do not fit.</exception>
    public static ZooKeeperOperation Create(
        string path,
        ReadOnlyMemory<byte> data = default,
        ZooKeeperCreateMode mode = ZooKeeperCreateMode.Persistent,
        IReadOnlyList<ZooKeeperAcl>? acl = null,
        TimeSpan? timeToLive = null)
    {
        var type = ZooKeeperRequests.CheckCreate(path, mode, timeToLive);
        return new ZooKeeperOperation(type, path, data, mode: mode, timeToLive: timeToLive, acl: acl);
    }

    /// <summary>Deletes a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="version">The version that it must have; -1 for any.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    public static ZooKeeperOperation Delete(string path, int version = -1)
    {
        ZooKeeperPath.Validate(path);
        return new ZooKeeperOperation(ZooKeeperOpCode.Delete, path, version: version);
    }

    /// <summary>Changes the data of a node.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="data">The new data.</param>
    /// <param name="version">The version that it must have; -1 for any.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    public static ZooKeeperOperation SetData(string path, ReadOnlyMemory<byte> data, int version = -1)
    {
        ZooKeeperPath.Validate(path);
        return new ZooKeeperOperation(ZooKeeperOpCode.SetData, path, data, version);
    }

    /// <summary>Does nothing, and fails unless the node is there.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="version">The version that it must have; -1 for any.</param>
    /// <returns>The operation.</returns>
    /// <exception cref="ArgumentException">The path is not allowed.</exception>
    public static ZooKeeperOperation Check(string path, int version = -1)
    {
        ZooKeeperPath.Validate(path);
        return new ZooKeeperOperation(ZooKeeperOpCode.Check, path, version: version);
    }

    internal void Write(JuteWriter writer, ZooKeeperChroot chroot, IReadOnlyList<ZooKeeperAcl> defaultAcl)
    {
        WriteHeader(writer, Type, isEnd: false);
        switch (Type)
        {
            case ZooKeeperOpCode.Delete or ZooKeeperOpCode.Check:
                ZooKeeperRequests.WriteVersioned(writer, chroot.ToServer(Path), _version);
                break;
            case ZooKeeperOpCode.SetData:
                ZooKeeperRequests.WriteSetData(writer, chroot.ToServer(Path), _data.Span, _version);
                break;
            default:
                ZooKeeperRequests.WriteCreate(writer, chroot.ToServer(Path), _data.Span, _mode, _acl ?? defaultAcl, _timeToLive);
                break;
        }
    }

    internal static void WriteHeader(JuteWriter writer, ZooKeeperOpCode type, bool isEnd)
    {
        writer.WriteInt32((int)type);
        writer.WriteBoolean(isEnd);
        writer.WriteInt32(-1);
    }
}

/// <summary>What one operation of a multi did.</summary>
/// <param name="Path">The node that was created; <see langword="null"/> for other operations.</param>
/// <param name="Stat">
/// What ZooKeeper knows of a node whose data was changed, and of a created one where the server says so: of containers and nodes with a TTL. Otherwise <see langword="null"/>.
/// </param>
public readonly record struct ZooKeeperOperationResult(string? Path, ZooKeeperStat? Stat);
