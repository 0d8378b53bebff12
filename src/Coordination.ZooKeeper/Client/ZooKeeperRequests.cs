namespace Coordination.ZooKeeper.Client;

/// <summary>How requests are written and replies are read, record by record, as ZooKeeper defines them.</summary>
internal static class ZooKeeperRequests
{
    /// <summary>The smallest string or buffer: its length alone.</summary>
    private const int SmallestString = sizeof(int);

    public static bool IsSequential(ZooKeeperCreateMode mode) =>
        mode is ZooKeeperCreateMode.PersistentSequential or ZooKeeperCreateMode.EphemeralSequential or ZooKeeperCreateMode.PersistentSequentialWithTtl;

    /// <summary>Checks the arguments of a create, and says which request does it.</summary>
    /// <exception cref="ArgumentException">They are wrong.</exception>
    public static ZooKeeperOpCode CheckCreate(string path, ZooKeeperCreateMode mode, TimeSpan? timeToLive)
    {
        if (mode is < ZooKeeperCreateMode.Persistent or > ZooKeeperCreateMode.PersistentSequentialWithTtl)
        {
            throw new ArgumentOutOfRangeException(nameof(mode), mode, "There is no such mode.");
        }

        ZooKeeperPath.Validate(path, IsSequential(mode));
        var hasTimeToLive = mode is ZooKeeperCreateMode.PersistentWithTtl or ZooKeeperCreateMode.PersistentSequentialWithTtl;
        if (hasTimeToLive != timeToLive.HasValue)
        {
            throw new ArgumentException(hasTimeToLive ? $"{mode} needs a time to live." : $"{mode} takes no time to live.", nameof(timeToLive));
        }

        if (timeToLive is { TotalMilliseconds: < 1 or >= 0xffffffffffL })
        {
            throw new ArgumentOutOfRangeException(nameof(timeToLive), timeToLive, "The time to live must be between 1 millisecond and 2^40 milliseconds.");
        }

        return hasTimeToLive ? ZooKeeperOpCode.CreateTtl : mode == ZooKeeperCreateMode.Container ? ZooKeeperOpCode.CreateContainer : ZooKeeperOpCode.Create2;
    }

    public static void WriteCreate(
        JuteWriter writer, string path, ReadOnlySpan<byte> data, ZooKeeperCreateMode mode, IReadOnlyList<ZooKeeperAcl> acl, TimeSpan? timeToLive)
    {
        writer.WriteString(path);
        writer.WriteBuffer(data);
        ZooKeeperAcl.Write(writer, acl);
        writer.WriteInt32((int)mode);
        if (timeToLive is { } time)
        {
            writer.WriteInt64((long)time.TotalMilliseconds);
        }
    }

    /// <summary>delete and check: a path and a version.</summary>
    public static void WriteVersioned(JuteWriter writer, string path, int version)
    {
        writer.WriteString(path);
        writer.WriteInt32(version);
    }

    public static void WriteSetData(JuteWriter writer, string path, ReadOnlySpan<byte> data, int version)
    {
        writer.WriteString(path);
        writer.WriteBuffer(data);
        writer.WriteInt32(version);
    }

    public static void WriteSetAcl(JuteWriter writer, string path, IReadOnlyList<ZooKeeperAcl> acl, int version)
    {
        writer.WriteString(path);
        ZooKeeperAcl.Write(writer, acl);
        writer.WriteInt32(version);
    }

    /// <summary>exists, getData and getChildren2: a path, and whether to watch it.</summary>
    public static void WriteWatched(JuteWriter writer, string path, bool watch)
    {
        writer.WriteString(path);
        writer.WriteBoolean(watch);
    }

    public static void WriteAddWatch(JuteWriter writer, string path, ZooKeeperWatchMode mode)
    {
        writer.WriteString(path);
        writer.WriteInt32((int)mode);
    }

    public static void WriteRemoveWatches(JuteWriter writer, string path)
    {
        writer.WriteString(path);

        // Of any kind.
        writer.WriteInt32(3);
    }

    public static void WriteAuth(JuteWriter writer, ZooKeeperCredential credential)
    {
        writer.WriteInt32(0);
        writer.WriteString(credential.Scheme);
        writer.WriteBuffer(credential.Value.Span);
    }

    public static void WriteMulti(JuteWriter writer, IReadOnlyList<ZooKeeperOperation> operations, ZooKeeperChroot chroot, IReadOnlyList<ZooKeeperAcl> defaultAcl)
    {
        foreach (var operation in operations)
        {
            operation.Write(writer, chroot, defaultAcl);
        }

        ZooKeeperOperation.WriteHeader(writer, ZooKeeperOpCode.Error, isEnd: true);
    }

    public static (string Path, ZooKeeperStat Stat) ReadCreated(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        var path = chroot.FromServer(reader.ReadString());
        return (path, ZooKeeperStat.Read(ref reader));
    }

    public static bool ReadNothing(ref JuteReader reader, ZooKeeperChroot chroot) => true;

    public static bool ReadPath(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        reader.ReadString();
        return true;
    }

    public static ZooKeeperStat ReadStat(ref JuteReader reader, ZooKeeperChroot chroot) => ZooKeeperStat.Read(ref reader);

    public static ZooKeeperStat? ReadExists(ref JuteReader reader, ZooKeeperChroot chroot) => ZooKeeperStat.Read(ref reader);

    public static (byte[] Data, ZooKeeperStat Stat) ReadData(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        var data = reader.ReadBuffer();
        return (data, ZooKeeperStat.Read(ref reader));
    }

    public static (IReadOnlyList<string> Names, ZooKeeperStat Stat) ReadChildren(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        var names = ReadNames(ref reader);
        return (names, ZooKeeperStat.Read(ref reader));
    }

    private static string[] ReadNames(ref JuteReader reader)
    {
        var names = new string[reader.ReadCount(SmallestString)];
        for (var i = 0; i < names.Length; i++)
        {
            names[i] = reader.ReadString();
        }

        return names;
    }

    public static (IReadOnlyList<ZooKeeperAcl> Acl, ZooKeeperStat Stat) ReadAcl(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        var acl = ZooKeeperAcl.ReadList(ref reader);
        return (acl, ZooKeeperStat.Read(ref reader));
    }

    public static IReadOnlyList<(string Scheme, string User)> ReadIdentities(ref JuteReader reader, ZooKeeperChroot chroot)
    {
        var identities = new (string, string)[reader.ReadCount(2 * SmallestString)];
        for (var i = 0; i < identities.Length; i++)
        {
            identities[i] = (reader.ReadString(), reader.ReadNullableString() ?? "");
        }

        return identities;
    }

    /// <summary>Reads the results of a multi-read.</summary>
    public static ZooKeeperReadResult[] ReadMultiRead(ref JuteReader reader, int count)
    {
        var results = new ZooKeeperReadResult[count];
        for (var i = 0; ; i++)
        {
            var type = (ZooKeeperOpCode)reader.ReadInt32();
            var isEnd = reader.ReadBoolean();
            reader.ReadInt32();
            if (isEnd != (i == count))
            {
                throw new InvalidDataException($"A multi-read of {count} reads has {(isEnd ? i : "more")} results.");
            }

            if (isEnd)
            {
                return results;
            }

            switch (type)
            {
                case ZooKeeperOpCode.GetChildren:
                    results[i] = new ZooKeeperReadResult(ZooKeeperErrorCode.Ok, ReadNames(ref reader), [], default);
                    break;
                case ZooKeeperOpCode.GetData:
                    var data = reader.ReadBuffer();
                    results[i] = new ZooKeeperReadResult(ZooKeeperErrorCode.Ok, [], data, ZooKeeperStat.Read(ref reader));
                    break;
                case ZooKeeperOpCode.Error:
                    results[i] = new ZooKeeperReadResult((ZooKeeperErrorCode)reader.ReadInt32(), [], [], default);
                    break;
                default:
                    throw new InvalidDataException($"A multi-read has a result of type {(int)type}.");
            }
        }
    }

    /// <summary>Reads the results of a multi. One that failed is an exception: the first real error, those around it say only that nothing was done.</summary>
    /// <exception cref="ZooKeeperException">The multi failed, and nothing was done.</exception>
    public static IReadOnlyList<ZooKeeperOperationResult> ReadMulti(ref JuteReader reader, ZooKeeperChroot chroot, IReadOnlyList<ZooKeeperOperation> operations)
    {
        var results = new ZooKeeperOperationResult[operations.Count];
        (ZooKeeperErrorCode Code, int Index)? failure = null;
        for (var i = 0; ; i++)
        {
            var type = (ZooKeeperOpCode)reader.ReadInt32();
            var isEnd = reader.ReadBoolean();
            reader.ReadInt32();
            if (isEnd || i == results.Length)
            {
                if (!isEnd || i != results.Length)
                {
                    throw new InvalidDataException($"A multi of {results.Length} operations has {(isEnd ? i : "more")} results.");
                }

                break;
            }

            switch (type)
            {
                case ZooKeeperOpCode.Create:
                    results[i] = new ZooKeeperOperationResult(chroot.FromServer(reader.ReadString()), null);
                    break;
                case ZooKeeperOpCode.Create2 or ZooKeeperOpCode.CreateContainer or ZooKeeperOpCode.CreateTtl:
                    var (path, stat) = ReadCreated(ref reader, chroot);
                    results[i] = new ZooKeeperOperationResult(path, stat);
                    break;
                case ZooKeeperOpCode.SetData:
                    results[i] = new ZooKeeperOperationResult(null, ZooKeeperStat.Read(ref reader));
                    break;
                case ZooKeeperOpCode.Delete or ZooKeeperOpCode.Check:
                    break;
                case ZooKeeperOpCode.Error:
                    var code = (ZooKeeperErrorCode)reader.ReadInt32();
                    if (failure is null or { Code: ZooKeeperErrorCode.Ok or ZooKeeperErrorCode.RuntimeInconsistency })
                    {
                        failure = (code, i);
                    }

                    break;
                default:
                    throw new InvalidDataException($"A multi has a result of type {(int)type}.");
            }
        }

        return failure is var (error, index)
            ? throw ZooKeeperException.Refused(error, ZooKeeperOpCode.Multi, operations[index].Path, index)
            : results;
    }
}
