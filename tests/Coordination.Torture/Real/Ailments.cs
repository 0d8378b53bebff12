using System.Diagnostics;
using System.Net;
using Coordination.Backends;
using Coordination.Torture.Recording;
using Coordination.ZooKeeper.Tests.Support;

namespace Coordination.Torture.Real;

/// <summary>What a client process does to itself when it is told to.</summary>
internal sealed class Ailments(ClientCommand.Settings settings, ICoordinator coordinator, SkewedTime clock, IRecorder recorder)
{
    public void Suffer(string ailment, TimeSpan takes)
    {
        switch (ailment)
        {
            case "starve":
                Starve(takes);
                break;
            case "collect":
                Collect(takes);
                break;
            case "wall":
                clock.SetWallClock(takes);
                break;
            case "expire":
                _ = Task.Run(ExpireAsync);
                break;
        }
    }

    // Every thread that the pool has, and those that it adds meanwhile.
    private static void Starve(TimeSpan takes)
    {
        var until = Stopwatch.GetTimestamp() + (long)(takes.TotalSeconds * Stopwatch.Frequency);
        for (var count = 0; count < 200; count++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static until =>
                {
                    while (Stopwatch.GetTimestamp() < until)
                    {
                        Thread.Sleep(10);
                    }
                },
                until,
                preferLocal: false);
        }
    }

    // Much garbage that is still referred to, and all threads stopped for it, again and again.
    private static void Collect(TimeSpan takes)
    {
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < takes)
        {
            var garbage = new object[200_000];
            for (var at = 0; at < garbage.Length; at++)
            {
                garbage[at] = new byte[32];
            }

            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.KeepAlive(garbage);
        }
    }

    // The session that this client's leases share: all of them are ended.
    private async Task ExpireAsync()
    {
        try
        {
            await using var lease = await coordinator.CreateLock($"expired/{settings.Name}").TryAcquireAsync(TimeSpan.Zero);
            if (lease is null || lease is not IBackendLease held)
            {
                return;
            }

            var began = recorder.Now;
            await Admin.ExpireAsync(IPEndPoint.Parse(settings.Endpoints.Split(';')[0]), held.Session);
            recorder.Record(new FaultInjected(began, recorder.Now, "session expired", settings.Name, VoidsClient: settings.Name));
        }
        catch (Exception exception)
        {
            // The way there may be broken just now. Anything else is read by whoever looks why nothing expires.
            await Console.Error.WriteLineAsync(exception.ToString());
        }
    }
}
