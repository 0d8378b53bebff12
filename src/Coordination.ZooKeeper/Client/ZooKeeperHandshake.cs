namespace Coordination.ZooKeeper.Client;

/// <summary>The first frame of a connection: a new session (id 0), or one to go on with.</summary>
/// <param name="LastZxid">The last transaction seen: a server that is behind it does not take the session.</param>
/// <param name="Timeout">The session's time-out.</param>
/// <param name="SessionId">The session, or 0.</param>
/// <param name="Password">Its password; 16 zeros for a new one.</param>
internal sealed record ZooKeeperConnectRequest(long LastZxid, TimeSpan Timeout, long SessionId, byte[] Password)
{
    /// <summary>What a new session asks with.</summary>
    public static readonly byte[] NoPassword = new byte[16];

    public void Write(JuteWriter writer)
    {
        writer.WriteInt32(0);
        writer.WriteInt64(LastZxid);
        writer.WriteInt32((int)Math.Max(1, Timeout.TotalMilliseconds));
        writer.WriteInt64(SessionId);
        writer.WriteBuffer(Password);
        writer.WriteBoolean(false);
    }
}

/// <summary>The server's answer.</summary>
/// <param name="Timeout">What the session's time-out is; zero when the session has ended.</param>
/// <param name="SessionId">The session.</param>
/// <param name="Password">Its password.</param>
internal sealed record ZooKeeperConnectResponse(TimeSpan Timeout, long SessionId, byte[] Password)
{
    public static ZooKeeperConnectResponse Read(ref JuteReader reader)
    {
        if (reader.ReadInt32() is not 0 and var protocol)
        {
            throw new InvalidDataException($"The server speaks version {protocol} of the protocol, not 0: what answers there may not be ZooKeeper.");
        }

        var timeout = TimeSpan.FromMilliseconds(Math.Max(0, reader.ReadInt32()));
        var id = reader.ReadInt64();
        var password = reader.ReadBuffer();

        // Whether the server only reads. Servers before 3.4 do not say, and none does when it was not asked for.
        if (reader.Remaining > 0)
        {
            reader.ReadBoolean();
        }

        return new ZooKeeperConnectResponse(timeout, id, password);
    }

    /// <summary>Whether it says that the session which was asked for is no more.</summary>
    public bool SaysExpired(long asked) => asked != 0 && (Timeout == TimeSpan.Zero || SessionId != asked);
}
