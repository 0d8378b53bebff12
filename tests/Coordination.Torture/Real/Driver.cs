using System.Collections.Concurrent;
using System.Diagnostics;
using Coordination.Conformance;
using Coordination.Torture.Checking;
using Coordination.Torture.Commands;
using Coordination.Torture.Recording;
using Coordination.Torture.Reporting;

namespace Coordination.Torture.Real;

/// <summary>Starts servers, register store and clients, lets things go wrong, waits until all is quiet, and has the history checked.</summary>
internal sealed class Driver : IAsyncDisposable
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(100);

    private readonly DriverSettings _settings;
    private readonly TortureSettings _asked;
    private readonly TargetTimes _times;
    private readonly Target _target;
    private readonly Coordinator _observer;
    private readonly int _registerPort = FreePort.Next();
    private readonly ChildProcess _register;
    private readonly ConcurrentQueue<Event> _events = new();
    private readonly ConcurrentDictionary<string, bool> _open = new(StringComparer.Ordinal);
    private readonly List<ClientProcess> _clients = [];
    private readonly Random _random;
    private readonly Lock _gate = new();

    private Driver(TortureSettings asked, DriverSettings settings, Target target)
    {
        (_asked, _settings, _target) = (asked, settings, target);
        _times = TargetTimes.Of(settings.Backend);
        _random = new Random(settings.Seed);
        _observer = new Coordinator(
            BackendFactory.Create(settings.Backend, string.Join(';', target.EndPoints)),
            new CoordinatorOptions { LeaseDuration = _times.Workload.LeaseDuration, OperationTimeout = TimeSpan.FromSeconds(2), Holder = "driver" });
        _register = ChildProcess.StartRegister(settings.Clock, _registerPort, Record);
    }

    public static async Task<(Report Report, History History)> RunAsync(TortureSettings asked, int seed, CancellationToken cancellationToken)
    {
        var settings = new DriverSettings(asked.Backend, asked.Peer, seed, asked.Workers, SharedClock.Start());
        await using var target = await Target.StartAsync(asked.Backend);
        await using var driver = new Driver(asked, settings, target);
        return await driver.RunAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            await client.DisposeAsync();
        }

        await _register.DisposeAsync();
        await _observer.DisposeAsync();
    }

    private TimeSpan Now => _settings.Clock.Now;

    private async Task<(Report Report, History History)> RunAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        for (var count = 0; count < _asked.Clients; count++)
        {
            StartClient();
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var observing = _settings.Peer is null ? Task.Run(() => ObserveAsync(end.Token), CancellationToken.None) : Task.CompletedTask;
        var began = Now;
        await InjectAsync(began + TimeSpan.FromMinutes(_asked.Minutes), cancellationToken);
        await BecomeQuietAsync(cancellationToken);
        await end.CancelAsync();
        await observing;
        await InspectAsync();
        var took = Now - began;
        await EndAsync();
        return Conclude(took);
    }

    // A new set of Redlock masters takes its time before it grants anything.
    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                await using var lease = await _observer.CreateLock("ready").AcquireAsync(limit.Token);
                return;
            }
            catch (CoordinationException exception) when (exception.IsTransient && !limit.IsCancellationRequested)
            {
                await Task.Delay(200, limit.Token);
            }
        }
    }

    private void StartClient()
    {
        lock (_gate)
        {
            var name = $"c{_clients.Count + 1}";
            _clients.Add(ClientProcess.Start(_settings, name, HashCode.Combine(_settings.Seed, _clients.Count), _target.EndPoints, _registerPort, Record));
        }
    }

    private IReadOnlyList<ClientProcess> Living()
    {
        lock (_gate)
        {
            return [.. _clients.Where(static client => !client.IsDead)];
        }
    }

    private async Task InjectAsync(TimeSpan until, CancellationToken cancellationToken)
    {
        var ofClients = new ClientFaults(_target, Died);
        var faults = _target.Faults.Concat(ofClients.All);
        var injector = new FaultInjector(
            [.. _settings.Peer is null ? faults : faults.Where(static fault => fault.Kind != "server flushed")], _random, _settings.Clock, Living, _observer, Record)
        {
            Longest = _times.Workload.LeaseDuration * 1.3,
        };
        await injector.RunAsync(until, cancellationToken);
    }

    private void Died(ClientProcess client)
    {
        Record(new ClientDied(Now, client.Name));
        StartClient();
    }

    private async Task BecomeQuietAsync(CancellationToken cancellationToken)
    {
        await _target.HealAsync();
        var quiet = Now;
        Record(new QuietBegan(quiet));
        await Task.WhenAll(Living().Select(static client => client.TellAsync("end")));
        while (Now - quiet < _times.Promises.DrainLimit && IsSomeCallOpen())
        {
            await Task.Delay(Glance, cancellationToken);
        }

        // What nobody renews has ended by then; what is left in sessions that go on is left for ever.
        await Task.Delay((_times.Workload.LeaseDuration * 1.1) + TimeSpan.FromSeconds(2), cancellationToken);
    }

    private bool IsSomeCallOpen()
    {
        var living = Living().Select(static client => client.Name).ToHashSet();
        return _open.Keys.Any(call => living.Contains(call.Split('/')[0]));
    }

    private async Task ObserveAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            foreach (var resource in Resources.Hot)
            {
                await LookAsync(resource.Name, isFinal: false);
            }

            await Task.Delay(Glance, CancellationToken.None);
        }
    }

    // Returns why it could not be.
    private async Task<string?> LookAsync(string resource, bool isFinal)
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
            var at = Now;
            var status = await _observer.InspectAsync(resource, limit.Token);
            Record(new QueueSeen(at, Now, resource, Claims(status.Holders), Claims(status.Waiters), isFinal));
            return null;
        }
        catch (Exception exception) when (exception is CoordinationException or OperationCanceledException)
        {
            return exception.Message; // the server is not there just now
        }

        static QueuedClaim[] Claims(IReadOnlyList<ClaimStatus> claims) => [.. claims.Select(static claim => new QueuedClaim(claim.Id, claim.Value))];
    }

    private async Task InspectAsync()
    {
        if (_settings.Peer is not null)
        {
            return; // its keys are its own
        }

        foreach (var resource in Resources.All)
        {
            var began = Stopwatch.GetTimestamp();
            while (await LookAsync(resource.Name, isFinal: true) is { } reason)
            {
                if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromSeconds(30))
                {
                    throw new InvalidOperationException($"The servers do not answer for {resource.Name}, 30 s after the last fault: {reason}");
                }

                await Task.Delay(Glance);
            }
        }
    }

    private async Task EndAsync()
    {
        foreach (var client in Living())
        {
            await client.TellAsync("quit");
            await client.WaitAsync(TimeSpan.FromSeconds(30));
            if (client.ExitCode != 0)
            {
                throw new InvalidOperationException($"Client {client.Name} ended with exit code {client.ExitCode}: {client.Errors}");
            }

            if (client.Errors.Length > 0)
            {
                await Console.Error.WriteLineAsync($"{client.Name} said: {client.Errors}");
            }
        }
    }

    private (Report Report, History History) Conclude(TimeSpan took)
    {
        var history = new History(_events);
        var promises = _settings.Peer is null ? _times.Promises : _times.Promises with { IsFair = false, InspectsExactly = false };
        var violations = Checker.Check(history, promises);
        var tally = new Tally();
        tally.Add(history);
        var settings = new RunSettings(_settings.Backend, _settings.Peer, _settings.Seed, _asked.Minutes, _asked.Clients, _asked.Workers, _times.Workload.LeaseDuration);
        return (tally.ToReport(settings, took, _settings.Seed, violations), history);
    }

    private void Record(Event happened)
    {
        _events.Enqueue(happened);
        switch (happened)
        {
            case CallStarted call:
                _open[call.Call] = true;
                break;
            case CallEnded call:
                _open.TryRemove(call.Call, out _);
                break;
        }
    }
}
