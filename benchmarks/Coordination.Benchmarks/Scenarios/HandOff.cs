using System.Diagnostics;
using Coordination.Benchmarks.Implementations;
using Coordination.Benchmarks.Measuring;
using Coordination.Benchmarks.Participants;
using Coordination.Benchmarks.Servers;
using StackExchange.Redis;

namespace Coordination.Benchmarks.Scenarios;

/// <summary>How long it took from one process's release call until another process held.</summary>
internal sealed record HandOffResult(string Implementation, long HandOffs, double MeanMicroseconds, double P50Microseconds, double P99Microseconds, double TimesPing);

/// <summary>
/// Hands a lock from this process to another, over and over, with each implementation in turn; and pings in between, as the measure of one
/// round trip in the same run.
/// </summary>
internal static class HandOff
{
    /// <summary>How long the other waits before the release: as long as a short piece of work.</summary>
    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(20);

    /// <summary>A poller's hand-off takes a hundred times longer, and fewer of them give as good a mean.</summary>
    private const int PerRound = 6;

    private const int WarmUpRounds = 2;

    public static async Task<(double PingP50, IReadOnlyList<HandOffResult> Results)> RunAsync(
        RedisTarget target, IReadOnlyList<Contender> contenders, int rounds, Action<double> progress)
    {
        await using var connection = await RedisTarget.ConnectAsync(target.Endpoint);
        await using var taker = Participant.Start(Taker.Name, "--redis", target.Endpoint);
        await taker.HearAsync("ready");
        var givers = contenders.Select(contender => (Contender: contender, Client: contender.Create(connection), Latencies: new Latencies())).ToList();
        var pings = new Latencies();
        try
        {
            for (var round = -WarmUpRounds; round < rounds; round++)
            {
                var counts = round >= 0;
                foreach (var (contender, client, latencies) in givers)
                {
                    for (var i = 0; i < (contender.Polls ? 1 : PerRound); i++)
                    {
                        var took = await HandOverAsync(client, contender.Key, taker);
                        if (counts)
                        {
                            latencies.Record(took);
                        }

                        await PingAsync(connection, counts ? pings : null);
                    }
                }

                progress((double)(round + WarmUpRounds + 1) / (rounds + WarmUpRounds));
            }
        }
        finally
        {
            foreach (var giver in givers)
            {
                await giver.Client.DisposeAsync();
            }
        }

        var ping = pings.PercentileMicroseconds(50);
        return (ping, [.. givers.Select(giver => new HandOffResult(
            giver.Contender.Name,
            giver.Latencies.Count,
            giver.Latencies.MeanMicroseconds,
            giver.Latencies.PercentileMicroseconds(50),
            giver.Latencies.PercentileMicroseconds(99),
            giver.Latencies.MeanMicroseconds / ping))]);
    }

    private static async Task<long> HandOverAsync(ILockClient client, string key, Participant taker)
    {
        var held = await client.AcquireAsync(Taker.Resource);
        await taker.TellAsync($"take {key}");
        await taker.HearAsync("waiting");
        await Task.Delay(Hold);
        var released = Stopwatch.GetTimestamp();
        await held.DisposeAsync();
        var entered = (await taker.HearAsync("entered"))[0];
        await taker.HearAsync("released");
        return entered > released ? entered - released : throw new OverlapException($"{key} let two processes hold at once.");
    }

    private static async Task PingAsync(ConnectionMultiplexer connection, Latencies? latencies)
    {
        for (var i = 0; i < 10; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await connection.GetDatabase().PingAsync();
            latencies?.Record(Stopwatch.GetTimestamp() - start);
        }
    }
}
