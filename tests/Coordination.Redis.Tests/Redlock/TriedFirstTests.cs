using System.Globalization;
using System.Text;
using Coordination.Redis.Tests.Redlock.Simulation;
using StackExchange.Redis;

namespace Coordination.Redis.Tests.Redlock;

/// <summary>What a script tries first is there for speed alone: it must answer and write what the rest of the script would have.</summary>
[Collection(MuchWork.OneByOne)]
public sealed class TriedFirstTests(ITestOutputHelper output)
{
    // Where the rest begins: the first line of queue.lua.
    private static readonly string Rest = Text("queue").Split('\n')[0];

    private static readonly RedisScript Admitted = new("admitted", "redis.call('HSET', KEYS[1], 'run', ARGV[1], 'floor', ARGV[2], 'top', ARGV[2], 'longest', '2000')");

    private static readonly RedisScript Deleted = new("deleted", "redis.call('HDEL', KEYS[2], ARGV[1])");

    private const long Shared = 4294967296;

    private const long LastToken = 9007199254740991;

    private const string Left = "nothing";

    [Theory]
    [InlineData("claim")]
    [InlineData("release")]
    public void It_does_what_the_rest_would(string name)
    {
        using var whole = new ScriptInterpreter();
        using var shipped = new ScriptInterpreter();
        using var before = new ScriptInterpreter((_, text) => text[..text.IndexOf(Text($"{name}_first"), StringComparison.Ordinal)]);
        using var first = new ScriptInterpreter(static (_, text) => text[..text.IndexOf(Rest, StringComparison.Ordinal)]);
        using var rest = new ScriptInterpreter((_, text) => Without(text, Text($"{name}_first")));
        var (decided, left, wrong) = (0, 0, new List<string>());
        whole.Running = (script, server, keys, values) =>
        {
            if (script.Name != $"redlock/{name}")
            {
                return;
            }

            var expected = Run(rest, script, server, keys, values);
            var ships = Run(shipped, script, server, keys, values);
            if (ships != expected)
            {
                wrong.Add($"What ships said {ships}\nThe rest {expected}");
            }

            var alone = Run(first, script, server, keys, values);
            if (alone.Reply is Left)
            {
                left++;
                if (alone != Run(before, script, server, keys, values))
                {
                    wrong.Add($"It left the rest to the rest, and wrote {alone.Contents}\n{alone.News}");
                }
            }
            else if (alone != expected)
            {
                wrong.Add($"It said {alone}\nThe rest {expected}");
            }
            else
            {
                // A master that is not admitted refuses before either.
                decided += alone.Reply == "1" ? 1 : 0;
            }
        };
        for (var seed = 1; seed <= 1000; seed++)
        {
            Use(seed, whole);
        }

        output.WriteLine($"{decided} decided first, {left} left to the rest");
        Assert.True(wrong.Count == 0, $"{wrong.Count} wrong: {wrong.FirstOrDefault()}");
        Assert.True(decided > 500, $"Only {decided} were decided first: nothing was compared.");
        Assert.True(left > 1000, $"Only {left} were left to the rest.");
    }

    // A few claims on one name, mostly one after another, as they come: any of them, from any clients, late ones too, while time passes or steps back, and keys are deleted by hand.
    private static void Use(int seed, ScriptInterpreter scripts)
    {
        var random = new Random(seed);
        var now = 1_800_000_000_000_000L;
        var server = new SimulatedRedis(seed) { Clock = () => now };
        server.Start();
        byte[][] keys = [.. new[] { "m", "h", "w", "t" }.Select(Encoding.ASCII.GetBytes)];
        Do(Admitted, server.RunId, now - random.Next(3_000_000));
        for (var step = 0; step < 60; step++)
        {
            // What a claim is for goes with its id.
            var (id, kind, what) = random.Next(8) switch { 0 => ("s", 0, Shared), 1 => ("p", 2, 1), _ => ($"{(char)('a' + random.Next(3))}", 0, 0L) };
            var (attempt, token) = (OneIn(8) ? 2 : 1, OneIn(300) ? LastToken + random.Next(2) : now - (OneIn(6) ? random.Next(3_000_000) : 0));
            var (longest, retention) = (OneIn(20) ? 2500 : 2000, OneIn(20) ? 100_000 : 10_000);
            var duration = OneIn(10) ? 1 : OneIn(20) ? 2501 : 1000 + random.Next(1000);
            var (reserve, flags, value) = (random.Next(500), OneIn(8) ? 1 : 0, $"value {step}");
            switch (random.Next(40))
            {
                case 0:
                    // It was out for a while, and more than its own registers know has been granted elsewhere; or it is out.
                    Do(Admitted, OneIn(4) ? "another" : server.RunId, now + random.Next(100_000));
                    break;
                case 1:
                    if (OneIn(2))
                    {
                        server.Delete(keys[random.Next(1, 4)]);
                    }
                    else
                    {
                        Do(Deleted, OneIn(2) ? ":" : id);
                    }

                    break;
                case 2 or 3:
                    Do(RedlockScripts.Renew, longest, retention, duration, id, OneIn(2) ? attempt : 0);
                    break;
                case 4:
                    Do(RedlockScripts.Forfeit, longest, retention, id, attempt, token, duration, kind, what, OneIn(2) ? token : 0, reserve, flags, "channel session", value);
                    break;
                case 5:
                    Do(RedlockScripts.Detach, longest, retention, id, attempt, duration, "-");
                    break;
                case < 23:
                    Do(RedlockScripts.Claim, longest, retention, id, attempt, OneIn(4) ? random.Next(3) : 1, duration, kind, what, token, token, reserve, flags, 1, "channel session", value);
                    break;
                default:
                    object[] another = OneIn(10) ? ["a", token, 1] : [];
                    DoWith(another.Length > 0 ? [.. keys, .. keys[1..]] : keys, RedlockScripts.Release, [longest, retention, duration, id, token, OneIn(8) ? random.Next(3) : 1, .. another]);
                    break;
            }

            now += random.Next(40) switch { < 4 => -random.Next(20_000), 4 => 3_000_000, 5 => 20_000_000, _ => random.Next(20_000) };
        }

        bool OneIn(int times) => random.Next(times) == 0;

        void Do(RedisScript script, params object[] values) => DoWith(keys, script, values);

        void DoWith(byte[][] named, RedisScript script, object[] values)
        {
            try
            {
                scripts.Evaluate(script, server, named, Arguments(values));
            }
            catch (InvalidOperationException)
            {
                // What is refused as an error by all.
            }
        }
    }

    private static byte[][] Arguments(params object[] values) =>
        [.. values.Select(static value => Encoding.ASCII.GetBytes(Convert.ToString(value, CultureInfo.InvariantCulture)!))];

    // On a copy of the server: what it says, leaves and publishes.
    private static Result Run(ScriptInterpreter scripts, RedisScript script, SimulatedRedis server, byte[][] keys, byte[][] values)
    {
        var copy = server.Copy();
        var news = new StringBuilder();
        copy.Publish = (channel, message) => news.Append(channel).Append(' ').AppendLine(message);
        string reply;
        try
        {
            reply = Text(scripts.Evaluate(script, copy, keys, values));
        }
        catch (InvalidOperationException)
        {
            reply = "an error";
        }

        return new Result(reply, copy.Contents(), news.ToString());
    }

    private static string Text(RedisResult reply) =>
        reply.IsNull ? Left : reply.Resp2Type == ResultType.Array ? $"[{string.Join(", ", ((RedisResult[])reply!).Select(Text))}]" : $"{reply}";

    private static string Without(string text, string part)
    {
        var index = text.IndexOf(part, StringComparison.Ordinal);
        return index < 0 ? text : text.Remove(index, part.Length);
    }

    private static string Text(string name)
    {
        using var stream = typeof(RedlockScripts).Assembly.GetManifestResourceStream($"Coordination.Redis.Redlock.Scripts.{name}.lua")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private sealed record Result(string Reply, string Contents, string News);
}
