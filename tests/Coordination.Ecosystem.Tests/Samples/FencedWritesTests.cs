using System.Diagnostics;

namespace Coordination.Ecosystem.Tests.Samples;

public sealed class FencedWritesTests
{
    [Fact]
    public async Task A_paused_holders_write_is_refused_by_the_database()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [SampleProgram.Find("FencedWrites")]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(process.ExitCode == 0, output);
        Assert.Matches("first, late, writes 300 with token [0-9]+: 0 rows", output);
        Assert.Contains("refused", output, StringComparison.Ordinal);
        Assert.Contains("the invoice says 200", output, StringComparison.Ordinal);
    }
}
