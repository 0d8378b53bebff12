using System.Globalization;
using System.Text;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>What a server keeps, and the few commands that the scripts of Redlock use.</summary>
internal sealed class SimulatedRedis(int seed)
{
    private Dictionary<string, Key> _keys = new(StringComparer.Ordinal);
    private int _starts;
    private Dictionary<string, Key>? _snapshot;

    /// <summary>The server's clock in microseconds.</summary>
    public Func<long> Clock { get; set; } = static () => 0;

    /// <summary>Where messages go.</summary>
    public Action<string, string> Publish { get; set; } = static (_, _) => { };

    public long StartedAt { get; private set; }

    public string RunId { get; private set; } = "";

    /// <summary>Starts it, under a new run_id.</summary>
    public void Start()
    {
        RunId = Convert.ToHexStringLower(SHA1(string.Create(CultureInfo.InvariantCulture, $"{seed}/{_starts++}")));
        StartedAt = Clock();

        static byte[] SHA1(string text)
        {
#pragma warning disable CA5350
            return System.Security.Cryptography.SHA1.HashData(Encoding.ASCII.GetBytes(text));
#pragma warning restore CA5350
        }
    }

    public void Flush() => _keys = new(StringComparer.Ordinal);

    /// <summary>What is on disk: a restart may go back to it.</summary>
    public void Save() => _snapshot = Copy(_keys);

    public void Restore() => _keys = _snapshot is null ? new(StringComparer.Ordinal) : Copy(_snapshot);

    public object? Call(string[] command)
    {
        switch (command[0])
        {
            case "TIME":
                var now = Clock();
                return new object?[] { (now / 1_000_000).ToString(CultureInfo.InvariantCulture), (now % 1_000_000).ToString(CultureInfo.InvariantCulture) };
            case "INFO":
                return string.Create(CultureInfo.InvariantCulture, $"# Server\r\nredis_version:7.0.15\r\nrun_id:{RunId}\r\nuptime_in_seconds:{(Clock() - StartedAt) / 1_000_000}\r\n");
            case "HGET":
                return Hash(command[1])?.GetValueOrDefault(command[2]);
            case "HMGET":
                return command[2..].Select(field => (object?)Hash(command[1])?.GetValueOrDefault(field)).ToArray();
            case "HEXISTS":
                return Hash(command[1])?.ContainsKey(command[2]) == true ? 1L : 0L;
            case "HGETALL":
                return Hash(command[1])?.SelectMany(static pair => new object?[] { pair.Key, pair.Value }).ToArray() ?? [];
            case "HSET":
                var hash = Get(command[1], create: true)!.Hash;
                for (var i = 2; i < command.Length; i += 2)
                {
                    hash[command[i]] = command[i + 1];
                }

                return 1L;
            case "HDEL":
                return command[2..].Sum(field => Hash(command[1])?.Remove(field) == true ? 1L : 0L);
            case "ZADD":
                Get(command[1], create: true)!.Set[command[3]] = double.Parse(command[2], CultureInfo.InvariantCulture);
                return 1L;
            case "ZREM":
                return Get(command[1])?.Set.Remove(command[2]) == true ? 1L : 0L;
            case "ZCARD":
                return (long)(Get(command[1])?.Set.Count ?? 0);
            case "ZRANGE":
                return Range(command);
            case "PEXPIREAT":
                if (Get(command[1]) is { } key)
                {
                    key.Expiry = long.Parse(command[2], CultureInfo.InvariantCulture);
                }

                return 1L;
            case "PUBLISH":
                Publish(command[1], command[2]);
                return 1L;
            default:
                throw new InvalidOperationException($"The simulation does not know {command[0]}.");
        }
    }

    private static Dictionary<string, Key> Copy(Dictionary<string, Key> keys) =>
        keys.ToDictionary(static pair => pair.Key, static pair => pair.Value.Copy(), StringComparer.Ordinal);

    private Dictionary<string, string>? Hash(string name) => Get(name)?.Hash;

    private object?[] Range(string[] command)
    {
        var ordered = (Get(command[1])?.Set ?? []).OrderBy(static pair => pair.Value).ThenBy(static pair => pair.Key, StringComparer.Ordinal).ToArray();
        var last = int.Parse(command[3], CultureInfo.InvariantCulture);
        var taken = last < 0 ? ordered : ordered[..Math.Min(ordered.Length, last + 1)];
        return command.Length > 4
            ? [.. taken.SelectMany(static pair => new object?[] { pair.Key, pair.Value.ToString("F0", CultureInfo.InvariantCulture) })]
            : [.. taken.Select(static pair => pair.Key)];
    }

    private Key? Get(string name, bool create = false)
    {
        if (_keys.TryGetValue(name, out var key) && (key.IsEmpty || key.Expiry * 1000 <= Clock()))
        {
            _keys.Remove(name);
            key = null;
        }

        if (key is null && create)
        {
            _keys[name] = key = new Key();
        }

        return key;
    }

    private sealed class Key
    {
        public Dictionary<string, string> Hash { get; private init; } = new(StringComparer.Ordinal);

        public Dictionary<string, double> Set { get; private init; } = new(StringComparer.Ordinal);

        public long Expiry { get; set; } = long.MaxValue / 1000;

        public bool IsEmpty => Hash.Count == 0 && Set.Count == 0;

        public Key Copy() => new() { Hash = new(Hash, StringComparer.Ordinal), Set = new(Set, StringComparer.Ordinal), Expiry = Expiry };
    }
}
