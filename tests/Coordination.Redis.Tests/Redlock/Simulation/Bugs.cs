using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock.Simulation;

/// <summary>Bugs that the rules forbid, put into the scripts or between a client and its masters.</summary>
internal static class Bugs
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "the token register is dropped", "an attempt's owner is used again", "a majority is added up over two renewals", "a master that lost its data is admitted at once",
        "scripts run on a master that is not admitted", "readers do not look at writers", "two may have one slot",
    ];

    /// <summary>The scripts with a bug, or without.</summary>
    public static ScriptInterpreter ScriptsWith(string? bug) => new(bug is null ? null : (script, text) => Put(bug, script, text));

    /// <summary>A schedule with a bug, or without.</summary>
    public static History Run(int seed, ScriptInterpreter scripts, string? bug) => bug is null
        ? Schedule.Run(seed, scripts)
        : Schedule.Run(seed, scripts, (network, link) => Wrap(bug, network, link), TroubleFor(bug));

    private static string Put(string bug, string script, string text) => bug switch
    {
        // Also in what claims and releases try first, which rests on it.
        "the token register is dropped" => Replace(
            text,
            "if token > q.top then q.top = token end", "", "if is_writer and token > q.wtop then q.wtop = token end", "",
            "struct.pack(STATE, token, token, now", "struct.pack(STATE, top, top, now", "and token <= min(tonumber(self[3]), LAST_TOKEN)", "",
            "top, wtop = max(top, token), max(wtop, token)", ""),

        // Forfeits and renewals go by the claim alone.
        "an attempt's owner is used again" when script.EndsWith("forfeit", StringComparison.Ordinal) =>
            Replace(text, "local there = c and c.attempt <= attempt", "local there = c"),
        "a master that lost its data is admitted at once" when script.EndsWith("admit", StringComparison.Ordinal) =>
            Replace(text, "if ARGV[5] ~= '2' and out <= longest", "if false"),
        "a master that lost its data is admitted at once" when script.EndsWith("hello", StringComparison.Ordinal) =>
            Replace(text, "int(known), int(max(known, up))", "'999999', '999999'"),
        "scripts run on a master that is not admitted" => text.Contains("if self[1] ~= run then return OUT end", StringComparison.Ordinal)
            ? Replace(text, "if self[1] ~= run then return OUT end", "self[2], self[3], self[4] = self[2] or '0', self[3] or '0', self[4] or '0'")
            : text,
        "readers do not look at writers" => text.Contains("q.excl == 1) then", StringComparison.Ordinal)
            ? Replace(text, "if kind == 0 and (what == 0 or q.excl == 1) then", "if kind == 0 and what == 0 then")
            : text,
        "two may have one slot" => text.Contains("elseif kind > 0 then", StringComparison.Ordinal) ? Replace(text, "elseif kind > 0 then", "elseif false then") : text,
        _ => text,
    };

    private static IRedlockMaster Wrap(string bug, SimulatedNetwork network, IRedlockMaster link) =>
        bug == "a majority is added up over two renewals" ? new Remembering(link) : link;

    // Schedules in which the bug matters come up often.
    private static Action<SimulatedNetwork, IReadOnlyList<SimulatedMaster>>? TroubleFor(string bug) => bug switch
    {
        "a master that lost its data is admitted at once" or "scripts run on a master that is not admitted" => static (network, masters) =>
        {
            for (var i = 0; i < 6; i++)
            {
                var master = masters[network.Random.Next(masters.Count)];
                var at = network.Moment();
                network.After(at, master.Crash);
                network.After(at + TimeSpan.FromMilliseconds(5), () => master.Restart(memory: 0));
            }
        }
        ,
        "a majority is added up over two renewals" => static (network, masters) =>
        {
            network.LossRate = 0.02;
            foreach (var master in masters)
            {
                for (var i = 0; i < 2; i++)
                {
                    var at = network.Moment();
                    network.After(at, master.Freeze);
                    network.After(at + TimeSpan.FromMilliseconds(150 + network.Random.Next(250)), master.Thaw);
                }
            }
        }
        ,
        "an attempt's owner is used again" => static (network, _) => (network.LossRate, network.LateRate) = (0.02, 0.2),
        _ => null,
    };

    private static string Replace(string text, params string[] pairs)
    {
        for (var i = 0; i < pairs.Length; i += 2)
        {
            text = text.Replace(pairs[i], pairs[i + 1], StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Takes an earlier yes of a master for its answer to this renewal.</summary>
    private sealed class Remembering(IRedlockMaster inner) : IRedlockMaster
    {
        private readonly HashSet<string> _yes = [];

        public event Action? Restored
        {
            add => inner.Restored += value;
            remove => inner.Restored -= value;
        }

        public string Name => inner.Name;

        public async ValueTask<RedisResult> EvaluateAsync(
            RedisScript script, RedisArguments arguments, string operation, string? resource, CancellationToken cancellationToken)
        {
            var owners = script.Name.EndsWith("renew", StringComparison.Ordinal)
                ? Enumerable.Range(0, (arguments.Values.Length - 3) / 2).Select(i => $"{arguments.Values[3 + (i * 2)]}.{arguments.Values[4 + (i * 2)]}").ToArray()
                : [];
            try
            {
                var reply = await inner.EvaluateAsync(script, arguments, operation, resource, cancellationToken);
                if (owners.Length > 0 && reply.Length == owners.Length)
                {
                    _yes.UnionWith(owners.Where((_, i) => (int)reply[i] > 0));
                }

                return reply;
            }
            catch (Exception e) when (owners.Length > 0 && e is CoordinationException or OperationCanceledException)
            {
                return RedisResult.Create([.. owners.Select(owner => RedisResult.Create((RedisValue)(_yes.Contains(owner) ? 1 : 0), ResultType.Integer))]);
            }
        }

        public Task SubscribeAsync(RedisChannel channel, Action<RedisChannel, RedisValue> handler, CancellationToken cancellationToken) =>
            inner.SubscribeAsync(channel, handler, cancellationToken);

        public void Unsubscribe(RedisChannel channel, Action<RedisChannel, RedisValue> handler) => inner.Unsubscribe(channel, handler);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
