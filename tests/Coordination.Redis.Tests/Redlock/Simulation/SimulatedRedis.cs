using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>What a server keeps, and the few commands that the scripts of Redlock use.</summary>
internal sealed class SimulatedRedis(int seed)
{
    private Dictionary<byte[], SimulatedKey> _keys = new(ByteStrings.Comparer);
    private byte[] _about = [];
    private int _starts;
    private Dictionary<byte[], SimulatedKey>? _snapshot;

    /// <summary>The server's clock in microseconds.</summary>
    public Func<long> Clock { get; set; } = static () => 0;

    /// <summary>Where messages go.</summary>
    public Action<string, string> Publish { get; set; } = static (_, _) => { };

    public long StartedAt { get; private set; }

    public string RunId { get; private set; } = "";

    /// <summary>Starts it, under a new run_id.</summary>
    /// <param name="ago">How long ago that was.</param>
    public void Start(TimeSpan ago = default)
    {
        RunId = Convert.ToHexStringLower(SHA1(string.Create(CultureInfo.InvariantCulture, $"{seed}/{_starts++}")));
        StartedAt = Clock() - (long)ago.TotalMicroseconds;
        _about = Encoding.ASCII.GetBytes($"# Server\r\nredis_version:7.0.15\r\nrun_id:{RunId}\r\nuptime_in_seconds:");

        static byte[] SHA1(string text)
        {
#pragma warning disable CA5350
            return System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(text));
#pragma warning restore CA5350
        }
    }

    public void Delete(byte[] key) => _keys.Remove(key);

    public void Flush() => _keys = new(ByteStrings.Comparer);

    /// <summary>What is on disk: a restart may go back to it.</summary>
    public void Save() => _snapshot = Copy(_keys);

    /// <summary>Another with the same keys, clock and run_id, which publishes nothing.</summary>
    public SimulatedRedis Copy() => new(seed) { _keys = Copy(_keys), _about = _about, Clock = Clock, StartedAt = StartedAt, RunId = RunId };

    /// <summary>All that it keeps, in an order of its own: two that keep the same say the same.</summary>
    public string Contents() => string.Join('\n', _keys
        .Where(pair => !IsGone(pair.Value))
        .Select(static pair => $"{Encoding.Latin1.GetString(pair.Key)} until {pair.Value.Expiry}: {pair.Value.Contents()}")
        .Order(StringComparer.Ordinal));

    public void Restore() => _keys = _snapshot is null ? new(ByteStrings.Comparer) : Copy(_snapshot);

    /// <summary>Runs a command.</summary>
    /// <param name="stack">Has its arguments, and is given its reply.</param>
    public void Call(ScriptStack stack)
    {
        var command = stack[0];
        if (command.SequenceEqual("HGET"u8))
        {
            stack.PushOrFalse(Field(Get(stack[1]), stack[2]));
        }
        else if (command.SequenceEqual("HSET"u8))
        {
            stack.Push(SetFields(stack));
        }
        else if (command.SequenceEqual("HMGET"u8))
        {
            PushFields(stack);
        }
        else if (command.SequenceEqual("HDEL"u8))
        {
            stack.Push(RemoveFields(stack));
        }
        else if (command.SequenceEqual("HEXISTS"u8))
        {
            stack.Push(Field(Get(stack[1]), stack[2]) is null ? 0 : 1);
        }
        else if (command.SequenceEqual("HGETALL"u8))
        {
            PushHash(stack, Get(stack[1]));
        }
        else if (command.SequenceEqual("TIME"u8))
        {
            PushTime(stack);
        }
        else if (command.SequenceEqual("INFO"u8))
        {
            PushAbout(stack);
        }
        else if (command.SequenceEqual("PEXPIREAT"u8))
        {
            if (Get(stack[1]) is { } key)
            {
                key.Expiry = long.Parse(stack[2], CultureInfo.InvariantCulture);
            }

            stack.Push(1);
        }
        else if (command.SequenceEqual("PUBLISH"u8))
        {
            Publish(stack.Text(1), stack.Text(2));
            stack.Push(1);
        }
        else
        {
            CallOfSet(stack);
        }
    }

    private void CallOfSet(ScriptStack stack)
    {
        switch (stack.Text(0))
        {
            case "ZADD":
                GetOrCreate(stack[1]).Add(stack[2], stack[3]);
                stack.Push(1);
                break;
            case "ZREM":
                stack.Push(Get(stack[1])?.Remove(stack[2]) == true ? 1 : 0);
                break;
            case "ZCARD":
                stack.Push(Get(stack[1])?.Set.Count ?? 0);
                break;
            case "ZRANGE":
                PushRange(stack);
                break;
            default:
                throw new InvalidOperationException($"The simulation does not know {stack.Text(0)}.");
        }
    }

    private static Dictionary<byte[], SimulatedKey> Copy(Dictionary<byte[], SimulatedKey> keys) =>
        keys.ToDictionary(static pair => pair.Key, static pair => pair.Value.Copy(), ByteStrings.Comparer);

    private static byte[]? Field(SimulatedKey? key, ReadOnlySpan<byte> field) => key is not null && key.Fields.TryGetValue(field, out var value) ? value : null;

    private long SetFields(ScriptStack stack)
    {
        var fields = GetOrCreate(stack[1]).Fields;
        for (var i = 2; i < stack.Count; i += 2)
        {
            fields[stack[i]] = stack[i + 1].ToArray();
        }

        return 1;
    }

    private long RemoveFields(ScriptStack stack)
    {
        var removed = 0;
        for (var i = 2; i < stack.Count; i++)
        {
            removed += Get(stack[1])?.Fields.Remove(stack[i]) == true ? 1 : 0;
        }

        return removed;
    }

    private void PushFields(ScriptStack stack)
    {
        var key = Get(stack[1]);
        stack.PushTable(stack.Count - 2);
        for (var i = 2; i < stack.Count; i++)
        {
            stack.PushOrFalse(Field(key, stack[i]));
            stack.Put(i - 2);
        }
    }

    private static void PushHash(ScriptStack stack, SimulatedKey? key)
    {
        stack.PushTable((key?.Hash.Count ?? 0) * 2);
        var i = 0;
        foreach (var (field, value) in key?.Hash ?? [])
        {
            stack.Push(field);
            stack.Put(i++);
            stack.Push(value);
            stack.Put(i++);
        }
    }

    private void PushTime(ScriptStack stack)
    {
        var now = Clock();
        Span<byte> text = stackalloc byte[20];
        stack.PushTable(2);
        Utf8Formatter.TryFormat(now / 1_000_000, text, out var length);
        stack.Push(text[..length]);
        stack.Put(0);
        Utf8Formatter.TryFormat(now % 1_000_000, text, out length);
        stack.Push(text[..length]);
        stack.Put(1);
    }

    private void PushAbout(ScriptStack stack)
    {
        Span<byte> text = stackalloc byte[_about.Length + 22];
        _about.CopyTo(text);
        Utf8Formatter.TryFormat((Clock() - StartedAt) / 1_000_000, text[_about.Length..], out var length);
        length += _about.Length;
        "\r\n"u8.CopyTo(text[length..]);
        stack.Push(text[..(length + 2)]);
    }

    // From the first to some other, or the last alone: the scripts ask for nothing else.
    private void PushRange(ScriptStack stack)
    {
        var set = Get(stack[1])?.Set ?? [];
        var (first, last) = (int.Parse(stack[2], CultureInfo.InvariantCulture), int.Parse(stack[3], CultureInfo.InvariantCulture));
        first = first < 0 ? Math.Max(set.Count + first, 0) : first;
        last = last < 0 ? set.Count + last : Math.Min(last, set.Count - 1);
        stack.PushTable(Math.Max(last - first + 1, 0) * 2);
        var at = 0;
        for (var i = first; i <= last; i++)
        {
            stack.Push(set[i].Member);
            stack.Put(at++);
            if (stack.Count > 4)
            {
                stack.Push(SimulatedKey.Written(set[i].Score));
                stack.Put(at++);
            }
        }
    }

    private SimulatedKey? Get(ReadOnlySpan<byte> name)
    {
        var keys = _keys.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (!keys.TryGetValue(name, out var key))
        {
            return null;
        }

        if (IsGone(key))
        {
            keys.Remove(name);
            return null;
        }

        return key;
    }

    private bool IsGone(SimulatedKey key) => key.IsEmpty || key.Expiry * 1000 <= Clock();

    private SimulatedKey GetOrCreate(ReadOnlySpan<byte> name)
    {
        if (Get(name) is { } key)
        {
            return key;
        }

        return _keys.GetAlternateLookup<ReadOnlySpan<byte>>()[name] = new SimulatedKey();
    }
}
