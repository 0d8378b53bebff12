namespace Coordination.Conformance;

/// <summary>
/// The clock that a suite lives by: a fake one for the in-memory backend, the machine's for real servers. Suites say how much time
/// passes and what they wait for, and run the same on both.
/// </summary>
public abstract class TestTime
{
    /// <summary>What coordinators are given.</summary>
    public abstract TimeProvider Provider { get; }

    /// <summary>Whether time passes only when the test says so; then counts and moments can be asserted exactly.</summary>
    public abstract bool IsFake { get; }

    /// <summary>Lets time pass: timers fire at their moments, and what they start runs before time goes on.</summary>
    public abstract ValueTask PassAsync(TimeSpan span);

    /// <summary>Lets everything run that can run now, without time passing on a fake clock. On a real one, a few milliseconds.</summary>
    public abstract ValueTask SettleAsync();

    /// <summary>Blocks the thread that calls, as a user's code may, without time standing still for it.</summary>
    public virtual void Block(ManualResetEventSlim until, TimeSpan limit) => until.Wait(limit);

    /// <summary>The most that passes between two looks at a condition.</summary>
    protected abstract TimeSpan Step { get; }

    public long Now => Provider.GetTimestamp();

    public TimeSpan Since(long timestamp) => Provider.GetElapsedTime(timestamp);

    /// <summary>Lets time pass until a condition holds, and fails when it does not within a span. A look that fails for a fault that passes is one that did not see it.</summary>
    public async Task UntilAsync(Func<ValueTask<bool>> condition, TimeSpan within, string what)
    {
        var start = Now;
        await SettleAsync();
        while (true)
        {
            CoordinationException? failed = null;
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (CoordinationException fault) when (fault.IsTransient)
            {
                failed = fault;
            }

            if (Since(start) >= within)
            {
                Assert.Fail($"Not within {within.TotalMilliseconds} ms: {what}{(failed is null ? "" : $"; the last look failed: {failed}")}");
            }

            await PassAsync(Step);
        }
    }

    public Task UntilAsync(Func<bool> condition, TimeSpan within, string what) =>
        UntilAsync(() => ValueTask.FromResult(condition()), within, what);

    /// <summary>Lets time pass until a task has ended, and fails when it does not within a span.</summary>
    public async Task<T> WithinAsync<T>(Task<T> task, TimeSpan within, string what)
    {
        await UntilAsync(() => task.IsCompleted, within, what);
        return await task;
    }

    public async Task WithinAsync(Task task, TimeSpan within, string what)
    {
        await UntilAsync(() => task.IsCompleted, within, what);
        await task;
    }

    /// <summary>Lets time pass until a task has ended, in whatever way, and returns its exception.</summary>
    public async Task<Exception?> FailureAsync(Task task, TimeSpan within, string what)
    {
        await UntilAsync(() => task.IsCompleted, within, what);
        return await Record.ExceptionAsync(() => task);
    }

    /// <summary>Makes a call that may be made again, until it is answered: after faults that pass, and not for longer than a span.</summary>
    public async Task<T> EventuallyAsync<T>(Func<ValueTask<T>> call, TimeSpan within)
    {
        var start = Now;
        while (true)
        {
            try
            {
                return await call();
            }
            catch (CoordinationException fault) when (fault.IsTransient && Since(start) < within)
            {
                await PassAsync(Step);
            }
        }
    }

    /// <summary>Fails if a condition comes to hold during a span.</summary>
    public async Task NeverAsync(Func<bool> condition, TimeSpan during, string what)
    {
        var start = Now;
        await SettleAsync();
        while (Since(start) < during)
        {
            Assert.False(condition(), what);
            await PassAsync(Step);
        }

        Assert.False(condition(), what);
    }
}
