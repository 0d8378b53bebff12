using Coordination.Torture.Recording;

namespace Coordination.Torture;

/// <summary>Makes calls, and tells how they began and ended.</summary>
internal sealed class Caller(string client, IRecorder recorder)
{
    /// <summary>A call's time beyond the operation timeout: a caller whose time is up tells the server so for up to a second.</summary>
    public static readonly TimeSpan Farewell = TimeSpan.FromSeconds(1);

    public IRecorder Recorder => recorder;

    /// <summary>Does something about a lease.</summary>
    public Task DoAsync(string id, Operation operation, Take take, TimeSpan budget, Func<ValueTask> act) =>
        CallAsync(id, operation, take, budget + Farewell, async () =>
        {
            await act();
            return true;
        });

    /// <summary>Asks for a lease.</summary>
    /// <returns>What was granted; the default where nothing was.</returns>
    public async Task<T?> CallAsync<T>(string id, Operation operation, Take take, TimeSpan? budget, Func<Task<T?>> act)
    {
        recorder.Record(new CallStarted(recorder.Now, id, client, operation, take.Resource.Name, take.Mode, take.Resource.Limit, budget));
        try
        {
            var result = await act();
            var isAsked = operation <= Operation.Attach;
            End(id, !isAsked ? Outcome.Done : result is null ? Outcome.NotGranted : Outcome.Granted);
            return result;
        }
        catch (OperationCanceledException)
        {
            End(id, Outcome.Cancelled);
        }
        catch (LeaseLostException)
        {
            End(id, Outcome.Lost);
        }
        catch (CoordinationException exception)
        {
            End(id, Outcome.Failed, exception.Message);
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException && operation is Operation.Renew or Operation.Proclaim or Operation.Detach)
        {
            End(id, Outcome.Failed, exception.Message); // given back or lost meanwhile
        }
        catch (Exception exception)
        {
            End(id, Outcome.Unexpected, exception.ToString());
        }

        return default;
    }

    private void End(string id, Outcome outcome, string? error = null) => recorder.Record(new CallEnded(recorder.Now, id, outcome, error));
}
