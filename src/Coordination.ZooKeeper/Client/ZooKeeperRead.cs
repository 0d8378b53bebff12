namespace Coordination.ZooKeeper.Client;

/// <summary>One read of a multi-read (<see cref="ZooKeeperClient.MultiReadAsync"/>).</summary>
internal readonly record struct ZooKeeperRead
{
    private ZooKeeperRead(ZooKeeperOpCode type, string path)
    {
        Type = type;
        Path = path;
    }

    /// <summary>The node.</summary>
    public string Path { get; }

    /// <summary>What is asked.</summary>
    public ZooKeeperOpCode Type { get; }

    /// <summary>Lists the children of a node. Of one that has none it says, in a few bytes, whether it is there.</summary>
    public static ZooKeeperRead Children(string path) => new(ZooKeeperOpCode.GetChildren, path);

    /// <summary>Reads the data of a node.</summary>
    public static ZooKeeperRead Data(string path) => new(ZooKeeperOpCode.GetData, path);
}

/// <summary>What one read of a multi-read came to. Each is by itself: one that failed fails no other.</summary>
/// <param name="Code">What went wrong, such as <see cref="ZooKeeperErrorCode.NoNode"/>.</param>
/// <param name="Names">The children.</param>
/// <param name="Data">The data.</param>
/// <param name="Stat">The node, where its data was read.</param>
internal readonly record struct ZooKeeperReadResult(ZooKeeperErrorCode Code, IReadOnlyList<string> Names, byte[] Data, ZooKeeperStat Stat);
