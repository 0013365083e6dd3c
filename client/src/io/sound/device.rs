//! The system's default device for sound.

use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cpal::traits::{DeviceTrait as _, HostTrait as _, StreamTrait as _};
use cpal::{FromSample, OutputCallbackInfo, SampleFormat, SizedSample, Stream, StreamConfig};

use super::super::clock::Clock;
use super::Heard;
use crate::sound::{Decoder, Sample, Speaker};

type Shared = Arc<Mutex<Speaker>>;

/// Plays what comes until nobody sends any more. Blocks.
pub(super) fn play(queue: &Receiver<Heard>, clock: Clock) -> Result<(), String> {
    let speaker = Shared::default();
    let stream = open(&speaker, clock)?;
    stream.play().map_err(|error| format!("the device does not play: {error}"))?;
    let mut decoder = Decoder::default();
    while let Ok(heard) = queue.recv() {
        let pieces = decoder.decode(heard.play_at, &heard.data);
        let mut speaker = speaker.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in pieces {
            speaker.add(piece);
        }
    }
    Ok(())
}

fn open(speaker: &Shared, clock: Clock) -> Result<Stream, String> {
    let device = cpal::default_host().default_output_device();
    let device = device.ok_or("there is no device to play on: plug one in, or use --audio pipe")?;
    let fault =
        |error: cpal::Error| format!("the device can't be used: {error}; see that no other program holds it");
    let supported = device.default_output_config().map_err(fault)?;
    let config: StreamConfig = supported.into();
    let stream = match supported.sample_format() {
        SampleFormat::F32 => build::<f32>(&device, config, speaker, clock),
        SampleFormat::I16 => build::<i16>(&device, config, speaker, clock),
        SampleFormat::I32 => build::<i32>(&device, config, speaker, clock),
        SampleFormat::U8 => build::<u8>(&device, config, speaker, clock),
        other => return Err(format!("the device takes {other}, which is not made here: use --audio pipe")),
    };
    stream.map_err(fault)
}

fn build<T: SizedSample + FromSample<f32>>(
    device: &cpal::Device,
    config: StreamConfig,
    speaker: &Shared,
    clock: Clock,
) -> Result<Stream, cpal::Error> {
    let speaker = Arc::clone(speaker);
    let (rate, channels) = (config.sample_rate, usize::from(config.channels.max(1)));
    let mut samples: Vec<Sample> = Vec::new();
    let fill = move |out: &mut [T], info: &OutputCallbackInfo| {
        let heard = clock.now() + delay(info);
        samples.resize(out.len() / channels, Sample::default());
        speaker.lock().unwrap_or_else(PoisonError::into_inner).fill(heard, rate, &mut samples);
        for (frame, sample) in out.chunks_mut(channels).zip(&samples) {
            put(frame, *sample);
        }
    };
    let trouble = |error: cpal::Error| tracing::debug!("the device: {error}");
    device.build_output_stream(config, fill, trouble, None)
}

/// From the call to the ear.
fn delay(info: &OutputCallbackInfo) -> Duration {
    let times = info.timestamp();
    times.playback.duration_since(times.callback)
}

/// One channel gets both sides, further ones get nothing.
fn put<T: SizedSample + FromSample<f32>>(frame: &mut [T], Sample { left, right }: Sample) {
    match frame {
        [one] => *one = T::from_sample(f32::midpoint(left, right)),
        [first, second, others @ ..] => {
            *first = T::from_sample(left);
            *second = T::from_sample(right);
            others.fill(T::from_sample(0.0));
        }
        [] => {}
    }
}
