using Coordination.Torture.Recording;

namespace Coordination.Torture;

/// <summary>
/// One of a client's many: takes what it draws, holds it, writes with its token, gives it back or does not, and tells all of it.
/// </summary>
/// <param name="name">Client and number: <c>c1/4</c>.</param>
/// <param name="client">The client.</param>
/// <param name="coordinator">The client's.</param>
/// <param name="settings">How long things take.</param>
/// <param name="register">Where holders write.</param>
/// <param name="recorder">What is told.</param>
/// <param name="time">The client's clock, which may be wrong.</param>
/// <param name="random">What it draws from.</param>
internal sealed class Worker(
    string name, string client, ICoordinator coordinator, WorkloadSettings settings, IRegister register, IRecorder recorder, TimeProvider time, Random random)
{
    private readonly Caller _caller = new(client, recorder);
    private int _calls;

    /// <summary>Works until it is time to come to an end; then gives back what it has, and waits for what it waits for.</summary>
    public async Task RunAsync(CancellationToken end)
    {
        while (!end.IsCancellationRequested)
        {
            try
            {
                await PauseAsync(random.NextDouble() * settings.LongestPause, end);
                var resource = Draw();
                var take = settings.IsLocksOnly ? new Take(resource, ClaimMode.Exclusive, TakeWay.Wait, IsHandRenewed: false) : Take.Draw(resource, random);
                await UseAsync(take, end);
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private Resource Draw()
    {
        var from = random.Next(10) < settings.HotOfTen ? Resources.Hot : Resources.Cold;
        Resource[] possible = settings.IsLocksOnly ? [.. from.Where(static resource => resource.Kind == ResourceKind.Lock)] : [.. from];
        return possible[random.Next(possible.Length)];
    }

    private async Task UseAsync(Take take, CancellationToken end)
    {
        var id = NextId();
        var lease = await new Acquirement(_caller, coordinator, settings, time, random).RunAsync(id, take);
        if (lease is null)
        {
            return;
        }

        var hold = new Holding(id, lease, recorder);
        await StayAsync(take, hold, end);
        await LeaveAsync(take, hold, end);
    }

    private async Task StayAsync(Take take, Holding hold, CancellationToken end)
    {
        // A lease that is renewed by hand and is not, ends by itself: it is waited for now and then.
        var stay = take.IsHandRenewed && random.Next(4) == 0 ? settings.LeaseDuration * 1.5 : random.NextDouble() * settings.LongestHold;
        var until = time.GetTimestamp();
        while (hold.Look() && time.GetElapsedTime(until) < stay && !end.IsCancellationRequested)
        {
            if (hold.Token is { } token && take.Mode == ClaimMode.Exclusive && random.Next(2) == 0)
            {
                await register.WriteAsync(take.Resource.Name, token, hold.Id);
            }

            switch (random.Next(24))
            {
                case 0 when hold.Lease is ILeadership leadership:
                    await _caller.DoAsync(NextId(), Operation.Proclaim, take, settings.OperationTimeout, () => leadership.ProclaimAsync(hold.Id));
                    break;
                case 1 or 2 when take.IsHandRenewed:
                    await _caller.DoAsync(NextId(), Operation.Renew, take, settings.OperationTimeout, () => hold.Lease.RenewAsync());
                    break;
                case 3:
                    await _caller.DoAsync(NextId(), Operation.Renew, take, settings.OperationTimeout, () => hold.Lease.RenewAsync());
                    break;
            }

            await PauseAsync(settings.Look * (0.5 + random.NextDouble()), CancellationToken.None);
        }
    }

    private async Task LeaveAsync(Take take, Holding hold, CancellationToken end)
    {
        if (take.IsHandRenewed && random.Next(3) == 0 && hold.Lease is IFencedLease fenced)
        {
            await HandOverAsync(take, hold, fenced, end);
            return;
        }

        hold.End(HoldEnd.Released);
        if (random.Next(5) > 0)
        {
            await _caller.DoAsync(NextId(), Operation.Release, take, settings.OperationTimeout, () => hold.Lease.ReleaseAsync());
        }

        // Disposal after a release does nothing; otherwise it is the release, and throws nothing.
        await _caller.DoAsync(NextId(), Operation.Release, take, settings.OperationTimeout, hold.Lease.DisposeAsync);
    }

    private async Task HandOverAsync(Take take, Holding hold, IFencedLease fenced, CancellationToken end)
    {
        string? ticket = null;
        hold.End(HoldEnd.Detached);
        await _caller.DoAsync(NextId(), Operation.Detach, take, settings.OperationTimeout, async () => ticket = await fenced.DetachAsync());
        if (ticket is null)
        {
            await fenced.DisposeAsync();
            return;
        }

        var id = NextId();
        if (await new Acquirement(_caller, coordinator, settings, time, random).AttachAsync(id, take, ticket) is { } lease)
        {
            var next = new Holding(id, lease, recorder);
            await StayAsync(take, next, end);
            next.End(HoldEnd.Released);
            await _caller.DoAsync(NextId(), Operation.Release, take, settings.OperationTimeout, lease.DisposeAsync);
        }
    }

    private string NextId() => FormattableString.Invariant($"{name}/{++_calls}");

    private Task PauseAsync(TimeSpan span, CancellationToken cancellationToken) => Task.Delay(span, time, cancellationToken);
}
